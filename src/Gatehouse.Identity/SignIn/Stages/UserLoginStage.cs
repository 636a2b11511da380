using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Stages;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Web.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.SignIn.Stages;

/// <summary>Starts the session of whoever has proved who they are; asks before whether to stay signed in, where the stage offers it.</summary>
internal sealed partial class UserLoginStage(GatehouseDb db, BrowserSessions sessions, IGeoReader places, ILogger<UserLoginStage> logger) : IStage
{
    /// <inheritdoc/>
    public StageType Type => StageType.UserLogin;

    /// <inheritdoc/>
    public bool ActsOnEntry => true;

    /// <inheritdoc/>
    public bool ActsOn(FlowRun run, Stage stage) => !AsksToRemember(run, stage);

    /// <inheritdoc/>
    public async Task<StageStep> EnterAsync(FlowRun run, Stage stage, CancellationToken cancellationToken)
    {
        // A flow that an administrator put together without a password stage lets nobody in.
        if (run.State is not { UserId: { } id, Amr: [_, ..] })
        {
            return new StageStep.Deny("Nobody could be signed in.", "a login stage, but nobody has proved who they are");
        }

        if (!run.State.IsProved)
        {
            return new StageStep.Deny(
                "Your security key did not check that it was you. Set a PIN for it and start again, or sign in another way.", "a login stage, but a passkey that was only touched is the one proof");
        }

        var user = await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == id, cancellationToken);
        if (user is null || !BrowserSessions.MaySignIn(user))
        {
            return new StageStep.Deny("This account can't sign in. Ask your administrator.", "the user was deactivated or deleted in between");
        }

        if (AsksToRemember(run, stage))
        {
            return new StageStep.Ask(new UserLoginChallenge(run.PendingUser, StageAnswers.Avatar));
        }

        if (!TryBind(run, stage, out var bound))
        {
            return new StageStep.Deny("You can't sign in from here: your network or place is not known.", "the stage binds sessions to a place, and that of the address is not known");
        }

        return (run.State.PasswordMark is not { } mark || mark == PasswordProof.MarkOf(user.PasswordHash))
            && await TryStartAsync(run, stage, user, bound, cancellationToken)
            ? StageAnswers.Pass
            : new StageStep.Deny("Your account was changed while you signed in. Start again.", "the password was changed or the user deactivated in between");
    }

    /// <inheritdoc/>
    public Task<StageStep> AnswerAsync(FlowRun run, Stage stage, Challenge asked, FlowAnswer answer, CancellationToken cancellationToken)
    {
        if (answer.Value("remember_me") is not { ValueKind: JsonValueKind.True or JsonValueKind.False } chosen)
        {
            return Task.FromResult(StageAnswers.Fault(asked, "remember_me", "This field is required.", "required"));
        }

        run.State.RememberMe = chosen.GetBoolean();
        return Task.FromResult<StageStep>(new StageStep.Stay());
    }

    private static bool AsksToRemember(FlowRun run, Stage stage) => run.State.RememberMe is null && stage.Setting(UserLoginSettings.RememberMeOffset) > TimeSpan.Zero;

    private async Task<bool> TryStartAsync(FlowRun run, Stage stage, User user, string? bound, CancellationToken cancellationToken)
    {
        var life = stage.Setting(UserLoginSettings.SessionDuration);
        life += run.State.RememberMe == true ? stage.Setting(UserLoginSettings.RememberMeOffset) : TimeSpan.Zero;
        var terms = new SessionTerms(life > TimeSpan.Zero ? life : null, bound) { Mfa = run.State.Mfa };
        if (await sessions.StartOnTermsAsync(run.Http, user, run.State.Amr, terms, cancellationToken) is not { } session)
        {
            return false;
        }

        if (stage.Setting(UserLoginSettings.TerminateOthers))
        {
            await sessions.EndOthersAsync(user.Id, session.Id, cancellationToken);
        }

        run.Browser = new SignedInBrowser(user, session);
        run.SessionKey = session.Id;
        LogSignedIn(user.Id, session.Uuid);
        return true;
    }

    // False: it is to be bound to a place that is not known.
    private bool TryBind(FlowRun run, Stage stage, out string? bound)
    {
        var (network, place) = (stage.Setting(UserLoginSettings.NetworkBinding), stage.Setting(UserLoginSettings.GeoipBinding));
        var parts = PlaceBinding.PartsOf(places.Find(ClientAddress.Of(run.Http)), network, place);
        var range = NetworkOf(run, network);
        bound = parts is { Count: > 0 } || range is not null ? string.Join('|', (parts ?? []).Prepend(range).OfType<string>()) : null;
        return parts is not null;
    }

    private static string? NetworkOf(FlowRun run, string binding)
    {
        var address = ClientAddress.Of(run.Http);
        var isOld = address.AddressFamily == AddressFamily.InterNetwork;
        int? length = binding switch
        {
            UserLoginSettings.Network => isOld ? 24 : 48,
            UserLoginSettings.Address => isOld ? 32 : 128,
            _ => null,
        };
        return length is { } bits ? new IPNetwork(Masked(address, bits), bits).ToString() : null;
    }

    // IPNetwork refuses an address with bits beyond its length.
    private static IPAddress Masked(IPAddress address, int bits)
    {
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(bits / 8).Clear();
        return new IPAddress(bytes);
    }

    [LoggerMessage(EventId = 2204, Level = LogLevel.Information, Message = "User {UserId} signed in, session {Session}")]
    private partial void LogSignedIn(int userId, Guid session);
}
