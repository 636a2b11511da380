using System.Text.Json.Nodes;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn.Evaluation;

/// <summary>Asks the services outside that an app's policies name about a person, all at once, each time a token is to be issued (contract 2.3).</summary>
internal sealed class ExternalEvaluations(EvaluationCall call, IAccessSessions sessions)
{
    /// <summary>What the services said, ready for a new session; empty when the app names none. Who did not answer is not in it.</summary>
    public async Task<IReadOnlyList<string>> AskAsync(HttpContext context, AccessTable table, AppEntry app, JsonObject identity)
    {
        if (app.Evaluations.IsEmpty)
        {
            return [];
        }

        var answers = await Task.WhenAll(app.Evaluations.Select(rule => call.AskAsync(table, rule, identity.DeepClone().AsObject(), context.RequestAborted)));
        return [.. app.Evaluations.Zip(answers).Where(a => a.Second is not null).Select(a => a.Second == true ? Passed.Of(a.First) : Passed.RefusedBy(a.First))];
    }

    /// <summary>Asks anew for a session that goes on, and remembers the answers with it.</summary>
    public async Task RefreshAsync(HttpContext context, AccessTable table, AppEntry app, AccessSession session)
    {
        if (app.Evaluations.IsEmpty)
        {
            return;
        }

        var said = await AskAsync(context, table, app, Identity(session.Email, session.Name, session.LoginMethodId, SessionClaims.Texts(session.ClaimsJson), session.Amr, session.Address));

        // Answers about other apps' services stay as they are.
        var others = session.Passed.Where(p => p.StartsWith(Passed.Evaluation, StringComparison.Ordinal) && !app.Evaluations.Any(e => Passed.Of(e) == p || Passed.RefusedBy(e) == p));
        List<string> passed = [.. others, .. said];
        await sessions.PassAsync(session.Nonce, Passed.Evaluation, passed, context.RequestAborted);
        session.Pass(Passed.Evaluation, passed);
    }

    /// <summary>A person as the services see them.</summary>
    public static JsonObject Identity(
        string email, string name, Guid loginMethod, IReadOnlyDictionary<string, IReadOnlyList<string>> claims, IReadOnlyList<string> amr, string address) => new()
        {
            ["email"] = email,
            ["name"] = name,
            ["idp"] = new JsonObject { ["id"] = loginMethod.ToString(), ["type"] = "oidc" },
            ["groups"] = Texts(claims.GetValueOrDefault(ProviderGroups.Claim) ?? []),
            ["amr"] = Texts(amr),
            ["oidc_fields"] = new JsonObject(claims.Select(c => KeyValuePair.Create(c.Key, (JsonNode?)Texts(c.Value)))),
            ["ip"] = address,
        };

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(t => (JsonNode?)JsonValue.Create(t))]);
}
