using Gatehouse.Access.Gateway;
using Gatehouse.Access.Saas;
using Gatehouse.Model.Audit;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn;

/// <summary>Whether an app's policies admit a person. A closed set.</summary>
internal abstract record Ruling
{
    private Ruling()
    {
    }

    /// <summary>Admitted by <paramref name="By"/>, which may still ask for more; an app token lives this long, and zero means for this visit only.</summary>
    public sealed record Admitted(TimeSpan Duration, CompiledPolicy By) : Ruling;

    /// <summary>Refused.</summary>
    public sealed record Denied : Ruling;
}

/// <summary>What a decision keeps besides its reasons: the purpose that was given, and who approved.</summary>
internal sealed record DecisionExtras(string? Purpose, string? Approvers);

/// <summary>Judges a person who signed in, and keeps the decision with its reasons.</summary>
internal sealed class SignInDecision(IAuditSink audit, AnonymousLimit limit, NamedLimit named, Places places, TimeProvider clock)
{
    private const string Login = "login";
    private const int LongestPath = 512;

    /// <summary>What the app's login methods and its policies about people say.</summary>
    public static Ruling Judge(AppEntry app, Visitor visitor) => PolicyEvaluator.AfterSignIn(app, visitor) switch
    {
        _ when visitor.Identity is not { } who || !app.Takes(who.LoginMethodId) => new Ruling.Denied(),
        { Kind: VerdictKind.Allow, By: { } by } => new Ruling.Admitted(SessionDuration.Of(app, by), by),
        _ => new Ruling.Denied(),
    };

    /// <summary>Keeps the decision about a sign-in that asked for <paramref name="returnTo"/>; durable when it returns, unless it repeats others of the last minute. The answer is its id.</summary>
    public async Task<string> RecordLoginAsync(HttpContext context, AppEntry app, Visitor visitor, string host, string returnTo, DecisionExtras? extras = null)
    {
        var isAdmitted = Judge(app, visitor) is Ruling.Admitted;
        var missing = isAdmitted && visitor.Identity is { } who ? SaasIdentity.MissingOf(app, who) : null;
        var record = Record(
            context, app, visitor, Login, isAdmitted && missing is null, "GET", host, ReturnPath.WithoutQuery(returnTo), extras,
            missing is null ? null : Instead(app, visitor, $"Refused: the application can't do without {missing}, and the login method gave no value for it."));
        if (IsKept(app, visitor, record.Allowed, extras is not null))
        {
            await audit.RecordAsync(record, context.RequestAborted);
        }

        return record.Id;
    }

    /// <summary>Queues the refusal of a person whom a policy would admit, but who did not prove themselves by the second factor that it asks for.</summary>
    public void RecordWithoutFactor(HttpContext context, AppEntry app, Visitor visitor, WayState way, string reason)
    {
        if (!IsKept(app, visitor, allowed: false))
        {
            return;
        }

        var asked = app.AfterSignIn.FirstOrDefault(p => p.Id == way.PolicyId)?.Mfa?.Allowed.Labels() ?? "a second factor";
        audit.Enqueue(Record(
            context, app, visitor, Login, false, "POST", way.Host, ReturnPath.WithoutQuery(way.ReturnTo),
            tree: Instead(app, visitor, $"Refused: a second factor is asked for ({asked}), and the proof was refused: {reason}.")));
    }

    // The policies are not what refuses, so they stand behind what does.
    private static DecisionTree Instead(AppEntry app, Visitor visitor, string outcome)
    {
        var tree = PolicyExplainer.ExplainLogin(app, visitor);
        return tree with { Outcome = $"{outcome} Without that: {tree.Outcome}" };
    }

    /// <summary>Queues the refusal of the request itself: a visitor may send many, and each is refused whether the store is there or not. The answer is its id.</summary>
    public string RecordDenial(HttpContext context, AppEntry app, Visitor visitor)
    {
        var request = context.Request;
        var record = Record(context, app, visitor, "request", false, request.Method, RequestHost.Of(request) ?? "", request.Path.Value ?? "/");
        if (IsKept(app, visitor, allowed: false))
        {
            audit.Enqueue(record);
        }

        return record.Id;
    }

    private bool IsKept(AppEntry app, Visitor visitor, bool allowed, bool hasReasons = false) => visitor.Identity is { } who
        ? named.Take(who.Email, new(app.App.Id, allowed, hasReasons))
        : limit.Take(visitor.Address);

    private DecisionRecord Record(HttpContext context, AppEntry app, Visitor visitor, string action, bool allowed, string method, string host, string path, DecisionExtras? extras = null, DecisionTree? tree = null) => new()
    {
        Id = RayId.Of(context),
        At = clock.GetUtcNow(),
        AppId = app.App.Id,
        AppName = app.App.Name,
        Allowed = allowed,
        Action = action,
        Email = visitor.Identity?.Email,
        LoginMethodId = visitor.Identity?.LoginMethodId,
        Address = visitor.Address.ToString(),
        Method = method,
        Host = host,
        Path = path.Length > LongestPath ? path[..LongestPath] : path,
        Country = visitor.Country ?? places.CountryOf(visitor.Address),
        Purpose = extras?.Purpose,
        Approvers = extras?.Approvers,
        FactsJson = visitor.Identity is { } identity && tree is null ? DecisionFacts.Write(identity) : null, // policies alone would not come to the same
        TreeJson = DecisionJson.Write(tree ?? (action == Login ? PolicyExplainer.ExplainLogin(app, visitor) : PolicyExplainer.Explain(app, visitor))),
    };
}
