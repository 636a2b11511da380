using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using Gatehouse.Access.Gateway;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Mail;
using Gatehouse.Model.Snapshots;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Access.SignIn.Pins;

/// <summary>An address that somebody typed, on its way to be looked at. A class, so that it is never printed.</summary>
internal sealed class PinOrder
{
    /// <summary>What was in force when it was typed.</summary>
    public required AccessTable Table { get; init; }

    /// <summary>The app; null means the App Launcher.</summary>
    public required AppEntry? App { get; init; }

    /// <summary>The sign-in; it has an address.</summary>
    public required LoginState State { get; init; }

    /// <summary>The cookie of the browser that asked.</summary>
    public required string Browser { get; init; }

    /// <summary>Where it asked from.</summary>
    public required IPAddress Address { get; init; }
}

/// <summary>
/// Judges addresses, keeps codes and sends them after the page has been answered: whatever an address is, the request does the same work, so that
/// its time tells nothing either.
/// </summary>
internal sealed partial class PinCourier(IOneTimePins pins, IMailSender mail, Places places, TimeProvider clock, ILogger<PinCourier> logger) : BackgroundService
{
    private const int MostWaiting = 256;
    private const int AtOnce = 4;
    private const int Digits = 6;

    // What the store counts holds across restarts and nodes; this keeps a flood away from it.
    private const double PerSecond = 1.0 / 60;
    private const int Burst = 20;

    private readonly AddressLimit limit = new(PerSecond, Burst, clock);
    private readonly Channel<PinOrder> waiting = Channel.CreateBounded<PinOrder>(new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.Wait });

    /// <summary>The hash of a code, as it is kept: under the cookie of the browser that asked.</summary>
    public static byte[] Hash(string browser, string id, string code) => HMACSHA256.HashData(Encoding.UTF8.GetBytes(browser), Encoding.UTF8.GetBytes($"{id}:{code}"));

    /// <summary>Takes an order; the caller does not learn what becomes of it.</summary>
    public void Post(PinOrder order)
    {
        var network = ClientNetwork.Wide(order.Address);
        if (!limit.TryTake(network))
        {
            LogFlood(network);
        }
        else if (!waiting.Writer.TryWrite(order))
        {
            LogFull(network);
        }
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Parallel.ForEachAsync(
        waiting.Reader.ReadAllAsync(stoppingToken),
        new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stoppingToken },
        async (order, cancellationToken) => await SendAsync(order, cancellationToken));

    // Kept before it is sent: a code in somebody's hands works whatever happens to this process.
    [SuppressMessage("Design", "CA1031", Justification = "A letter that fails is logged, and the person asks for another; those behind it must not wait for that.")]
    private async Task SendAsync(PinOrder order, CancellationToken cancellationToken)
    {
        var email = order.State.PinEmail!; // made with one
        try
        {
            if (!PinJudge.CouldEnter(order, email, places))
            {
                return;
            }

            var code = RandomNumberGenerator.GetInt32(1_000_000).ToString("D" + Digits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
            var pin = PinOf(order, email, code);
            if (!await pins.TryAddAsync(pin, cancellationToken))
            {
                LogTooMany(email, pin.Network);
            }
            else if (await mail.SendAsync(PinMail.Compose(email, PinPages.NameOf(order.App), order.Table.Organization.Name, code), cancellationToken) is MailResult.Failed failed)
            {
                LogNotSent(email, failed.Reason);
            }
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogFailed(failure, email);
        }
    }

    private OneTimePin PinOf(PinOrder order, string email, string code) => new()
    {
        Id = order.State.Id,
        Email = email,
        Network = ClientNetwork.Wide(order.Address).ToString(),
        Hash = Hash(order.Browser, order.State.Id, code),
        CreatedAt = clock.GetUtcNow(),
        ExpiresAt = order.State.ExpiresAt,
    };

    [LoggerMessage(EventId = 3240, Level = LogLevel.Warning, Message = "No code was sent: too many wait to be sent, the last asked for from {Network}")]
    private partial void LogFull(IPAddress network);

    [LoggerMessage(EventId = 3241, Level = LogLevel.Warning, Message = "No code was sent to {Email}: the address, the network {Network}, or the two together have had as many as they may in an hour")]
    private partial void LogTooMany(string email, string network);

    [LoggerMessage(EventId = 3242, Level = LogLevel.Warning, Message = "The code for {Email} could not be sent: {Reason}")]
    private partial void LogNotSent(string email, string reason);

    [LoggerMessage(EventId = 3243, Level = LogLevel.Error, Message = "The code for {Email} could not be kept or sent")]
    private partial void LogFailed(Exception failure, string email);

    [LoggerMessage(EventId = 3246, Level = LogLevel.Warning, Message = "No code was sent: {Network} asks for too many")]
    private partial void LogFlood(IPAddress network);
}
