using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Model.Events;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Mail;
using Gatehouse.Model.Stages;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.SignIn.Mails;

/// <summary>A link that a run wants sent.</summary>
internal sealed record LinkOrder(Guid StageId, Guid FlowId, int UserId, FlowState State, string? Next);

/// <summary>
/// Sends links, one after the other, apart from the requests that ask for them: how long it takes tells nobody who exists. A restart forgets
/// what is waiting; people ask again. How many one person gets is bound in the database, so by all nodes together.
/// </summary>
internal sealed partial class LinkPost(
    IDbContextFactory<GatehouseDb> databases, IMailSender mail, ISecretBox box, PublicUrls urls, IEventLog events, TimeProvider clock, ILogger<LinkPost> logger)
    : BackgroundService
{
    private const int MostWaiting = 256;

    private readonly Channel<(LinkOrder Order, string StateJson)> waiting =
        Channel.CreateBounded<(LinkOrder, string)>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });

    /// <summary>Puts a link into the queue.</summary>
    public void Order(LinkOrder order)
    {
        // What comes after the link; written now, since the run goes on.
        var next = JsonSerializer.Deserialize(JsonSerializer.Serialize(order.State, FlowJson.Default.FlowState), FlowJson.Default.FlowState) ?? new FlowState();
        next.Next = order.Next ?? next.Next;
        if (next.Remaining.Count > 0)
        {
            next.Remaining.RemoveAt(0); // the stage that sends
        }

        if (!waiting.Writer.TryWrite((order, JsonSerializer.Serialize(next, FlowJson.Default.FlowState))))
        {
            LogFull();
        }
    }

    /// <inheritdoc/>
    [SuppressMessage("Design", "CA1031", Justification = "A message that can't be sent is logged; the next one may.")]
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var (order, state) in waiting.Reader.ReadAllAsync(stoppingToken))
        {
            try
            {
                await SendAsync(order, state, stoppingToken);
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                LogBroken(fault);
            }
        }
    }

    private async Task SendAsync(LinkOrder order, string state, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var user = await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == order.UserId, cancellationToken);
        var stage = await db.Stages.AsNoTracking().SingleOrDefaultAsync(s => s.Id == order.StageId, cancellationToken);
        var flow = await db.Flows.AsNoTracking().SingleOrDefaultAsync(f => f.Id == order.FlowId, cancellationToken);
        if (user is null || stage is null || flow is null || user.Email.Length == 0)
        {
            LogNobody(order.UserId);
            return;
        }

        var token = FlowToken.NewToken();
        if (!await TryKeepAsync(db, order, user, stage, state, token, cancellationToken))
        {
            LogTooMany(user.Id);
            return;
        }

        var brand = await db.Brands.Where(b => b.IsDefault).Select(b => b.Title).FirstOrDefaultAsync(cancellationToken) ?? "Gatehouse";
        var life = stage.Setting(EmailSettings.TokenExpiry);
        var message = EmailSettings.Compose(stage, user, brand, urls.Identity + FlowToken.PathOf(flow.Slug, token), life, box);
        await TellAsync(user, stage, await mail.SendAsync(message, cancellationToken), cancellationToken);
    }

    private async Task<bool> TryKeepAsync(
        GatehouseDb db, LinkOrder order, User user, Stage stage, string state, string token, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var window = Math.Max(1000, (long)stage.Setting(EmailSettings.Window).TotalMilliseconds);
        for (var place = 0; place < stage.Setting(EmailSettings.MostInWindow); place++)
        {
            var row = new FlowToken
            {
                Hash = FlowToken.HashOf(token),
                FlowId = order.FlowId,
                UserId = user.Id,
                StateJson = state,
                PasswordMark = FlowToken.MarkOf(user.PasswordHash),
                Address = user.Email,
                Activates = stage.Setting(EmailSettings.Activate),
                Slot = string.Create(CultureInfo.InvariantCulture, $"{user.Id}/{stage.Id}/{now.ToUnixTimeMilliseconds() / window}/{place}"),
                ExpiresAt = now + stage.Setting(EmailSettings.TokenExpiry),
            };
            db.FlowTokens.Add(row);
            try
            {
                await db.SaveChangesAsync(cancellationToken);
                return true;
            }
            catch (DbUpdateException fault) when (UniqueViolation.Is(fault))
            {
                db.Entry(row).State = EntityState.Detached; // that place is taken: the next one
            }
        }

        return false;
    }

    private async Task TellAsync(User user, Stage stage, MailResult result, CancellationToken cancellationToken)
    {
        if (result is MailResult.Failed failed)
        {
            LogFailed(stage.Name, failed.Reason);
            await events.WriteAsync(
                new NewEvent(EventActions.ConfigurationError, null, null, new JsonObject { ["message"] = "A message could not be sent.", ["stage"] = stage.Name, ["reason"] = failed.Reason }),
                cancellationToken);
            return;
        }

        LogSent(user.Id, stage.Name);
        await events.WriteAsync(
            new NewEvent(EventActions.EmailSent, new EventActor(user.Id, user.Username, user.Email), null, new JsonObject { ["stage"] = stage.Name, ["to"] = user.Email }), cancellationToken);
    }

    [LoggerMessage(EventId = 2244, Level = LogLevel.Warning, Message = "A link was not sent: too many are waiting")]
    private partial void LogFull();

    [LoggerMessage(EventId = 2245, Level = LogLevel.Error, Message = "A link was not sent")]
    private partial void LogBroken(Exception fault);

    [LoggerMessage(EventId = 2246, Level = LogLevel.Information, Message = "A link was not sent: user {UserId} has no address, or the flow is gone")]
    private partial void LogNobody(int userId);

    [LoggerMessage(EventId = 2247, Level = LogLevel.Warning, Message = "A link was not sent: user {UserId} was sent as many as the stage allows")]
    private partial void LogTooMany(int userId);

    [LoggerMessage(EventId = 2248, Level = LogLevel.Error, Message = "A link of stage {Stage} was not sent: {Reason}")]
    private partial void LogFailed(string stage, string reason);

    [LoggerMessage(EventId = 2249, Level = LogLevel.Information, Message = "User {UserId} was sent a link by stage {Stage}")]
    private partial void LogSent(int userId, string stage);
}
