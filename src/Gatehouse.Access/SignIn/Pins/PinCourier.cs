using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Mail;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Access.SignIn.Pins;

/// <summary>A code on its way to its address. A class, so that it is never printed.</summary>
internal sealed class PinLetter
{
    /// <summary>What is kept of it.</summary>
    public required OneTimePin Pin { get; init; }

    /// <summary>The message.</summary>
    public required Mail Mail { get; init; }
}

/// <summary>Keeps codes and sends them after the page has been answered, so that the answer takes equally long whether one is sent or not.</summary>
internal sealed partial class PinCourier(IOneTimePins pins, IMailSender mail, ILogger<PinCourier> logger) : BackgroundService
{
    private const int MostWaiting = 256;
    private const int AtOnce = 4;

    private readonly Channel<PinLetter> waiting = Channel.CreateBounded<PinLetter>(new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.Wait });

    /// <summary>Takes a letter; the caller does not learn what becomes of it.</summary>
    public void Post(PinLetter letter)
    {
        if (!waiting.Writer.TryWrite(letter))
        {
            LogFull(letter.Pin.Network);
        }
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Parallel.ForEachAsync(
        waiting.Reader.ReadAllAsync(stoppingToken),
        new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stoppingToken },
        async (letter, cancellationToken) => await SendAsync(letter, cancellationToken));

    // Kept before it is sent: a code in somebody's hands works whatever happens to this process.
    [SuppressMessage("Design", "CA1031", Justification = "A letter that fails is logged, and the person asks for another; those behind it must not wait for that.")]
    private async Task SendAsync(PinLetter letter, CancellationToken cancellationToken)
    {
        try
        {
            if (!await pins.TryAddAsync(letter.Pin, cancellationToken))
            {
                LogTooMany(letter.Pin.Email, letter.Pin.Network);
            }
            else if (await mail.SendAsync(letter.Mail, cancellationToken) is MailResult.Failed failed)
            {
                LogNotSent(letter.Pin.Email, failed.Reason);
            }
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogFailed(failure, letter.Pin.Email);
        }
    }

    [LoggerMessage(EventId = 3240, Level = LogLevel.Warning, Message = "No code was sent: too many wait to be sent, the last asked for from {Network}")]
    private partial void LogFull(string network);

    [LoggerMessage(EventId = 3241, Level = LogLevel.Warning, Message = "No code was sent to {Email}: the address or the network {Network} has had as many as it may in an hour")]
    private partial void LogTooMany(string email, string network);

    [LoggerMessage(EventId = 3242, Level = LogLevel.Warning, Message = "The code for {Email} could not be sent: {Reason}")]
    private partial void LogNotSent(string email, string reason);

    [LoggerMessage(EventId = 3243, Level = LogLevel.Error, Message = "The code for {Email} could not be kept or sent")]
    private partial void LogFailed(Exception failure, string email);
}
