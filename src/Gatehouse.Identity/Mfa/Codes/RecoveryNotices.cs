using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Model.Events;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Mail;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Web.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.Mfa.Codes;

/// <summary>
/// Tells people by mail that a recovery code of theirs was used: whoever did not use it learns that somebody has their codes. Sent apart from
/// the sign-in, which must not wait for a mail server. A restart forgets what is waiting; the event of the sign-in stays.
/// </summary>
internal sealed partial class RecoveryNotices(
    IDbContextFactory<GatehouseDb> databases, IMailSender mail, PublicUrls urls, IEventLog events, TimeProvider clock, ILogger<RecoveryNotices> logger)
    : BackgroundService
{
    private const int MostWaiting = 256;

    private readonly Channel<Use> waiting = Channel.CreateBounded<Use>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });

    /// <summary>A code of the user was used in this run.</summary>
    public void Used(FlowRun run, int userId)
    {
        if (!mail.IsSetUp)
        {
            LogNoMail(userId);
        }
        else if (!waiting.Writer.TryWrite(new Use(userId, ClientAddress.Of(run.Http).ToString(), clock.GetUtcNow())))
        {
            LogFull(userId);
        }
    }

    /// <inheritdoc/>
    [SuppressMessage("Design", "CA1031", Justification = "A message that can't be sent is logged; the next one may.")]
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var use in waiting.Reader.ReadAllAsync(stoppingToken))
        {
            try
            {
                await SendAsync(use, stoppingToken);
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                LogBroken(fault, use.UserId);
            }
        }
    }

    private async Task SendAsync(Use use, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var user = await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == use.UserId, cancellationToken);
        if (user is not { Email.Length: > 0 })
        {
            LogNoAddress(use.UserId);
            return;
        }

        var left = await db.StaticCodes.CountAsync(c => db.StaticDevices.Any(d => d.Id == c.DeviceId && d.UserId == use.UserId), cancellationToken);
        var brand = await db.Brands.Where(b => b.IsDefault).Select(b => b.Title).FirstOrDefaultAsync(cancellationToken) ?? "Gatehouse";
        await TellAsync(user, await mail.SendAsync(Compose(use, user, left, brand), cancellationToken), cancellationToken);
    }

    private Mail Compose(Use use, User user, int left, string brand)
    {
        var when = use.At.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
        return NoticeMail.Compose(
            user.Email,
            "A recovery code was used",
            user.Username,
            brand,
            [
                $"One of your recovery codes was used to sign in, on {when} from {use.Address}.",
                left == 1 ? "One code is left." : $"{left} codes are left.",
                "If this was not you, somebody has your password and your codes: change the password and make new codes, at once.",
            ],
            urls.Identity + FlowFinish.UserPage);
    }

    private async Task TellAsync(User user, MailResult result, CancellationToken cancellationToken)
    {
        if (result is MailResult.Failed failed)
        {
            LogFailed(user.Id, failed.Reason);
            await events.WriteAsync(
                new NewEvent(EventActions.ConfigurationError, null, null, new JsonObject { ["message"] = "A message could not be sent.", ["reason"] = failed.Reason }), cancellationToken);
            return;
        }

        LogSent(user.Id);
        await events.WriteAsync(
            new NewEvent(EventActions.EmailSent, new EventActor(user.Id, user.Username, user.Email), null, new JsonObject
            {
                ["message"] = "A recovery code was used",
                ["to"] = user.Email,
            }),
            cancellationToken);
    }

    [LoggerMessage(EventId = 2305, Level = LogLevel.Warning, Message = "User {UserId} used a recovery code, and was not told by mail: no mail is set up")]
    private partial void LogNoMail(int userId);

    [LoggerMessage(EventId = 2306, Level = LogLevel.Warning, Message = "User {UserId} used a recovery code, and was not told by mail: too many messages are waiting")]
    private partial void LogFull(int userId);

    [LoggerMessage(EventId = 2307, Level = LogLevel.Error, Message = "User {UserId} used a recovery code, and was not told by mail")]
    private partial void LogBroken(Exception fault, int userId);

    [LoggerMessage(EventId = 2308, Level = LogLevel.Warning, Message = "User {UserId} used a recovery code, and was not told by mail: there is no address")]
    private partial void LogNoAddress(int userId);

    [LoggerMessage(EventId = 2309, Level = LogLevel.Error, Message = "User {UserId} used a recovery code, and was not told by mail: {Reason}")]
    private partial void LogFailed(int userId, string reason);

    [LoggerMessage(EventId = 2310, Level = LogLevel.Information, Message = "User {UserId} was told by mail that a recovery code was used")]
    private partial void LogSent(int userId);

    private sealed record Use(int UserId, string Address, DateTimeOffset At);
}
