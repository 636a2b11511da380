using Gatehouse.Access.Saas;
using Gatehouse.Model.Machines;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.Gateway;

/// <summary>Judges what needs no person: bypass and service-auth policies, with the address, service token, linked token and client certificate of the request (contract 1.2, step 5).</summary>
internal sealed class JudgeService(ServiceTokens tokens, ServiceCredentials credentials, LinkedTokens links, ClientCertificates certificates, Places places, IServiceTokenUses uses, TimeProvider clock)
{
    private static readonly object GoodTokenKey = typeof(JudgeService);

    /// <summary>The outcome; null leaves it to the policies about people.</summary>
    public async ValueTask<Decision?> RunAsync(HttpContext context, AccessTable table, AppEntry app, string host, string? commonName)
    {
        var credential = credentials.Read(context.Request, table, app);
        var isStrict = table.Organization.StrictServiceTokens;
        if (isStrict && credential.Fault is { } fault)
        {
            return new Decision(DecisionKind.BadService, Fault: fault);
        }

        if (app.BeforeSignIn.IsEmpty && !credential.IsThere)
        {
            return null;
        }

        var linked = await links.TakeAsync(context.Request, table, app);
        var visitor = places.Visitor(app, ClientAddress.Of(context), null) with { ServiceToken = credential.Token?.Token.Id, LinkedApp = linked?.AppId, CommonName = commonName };
        var verdict = PolicyEvaluator.BeforeSignIn(app, visitor);
        var token = credential.Token is { } shown ? new ShownToken(shown, credential.SecretVersion) : null;
        if (verdict.By is null && token is null && app.TakesServiceTokens && !isStrict)
        {
            token = await FindPresentedAsync(context.Request, table, app, host);
            verdict = token is null ? verdict : PolicyEvaluator.BeforeSignIn(app, visitor with { ServiceToken = token.Entry.Token.Id });
        }

        return verdict.By is { } by
            ? token is null && linked is not null ? AdmitLinked(context, table, app, host, by, linked)
            : await AdmitAsync(context, table, app, host, by, token, commonName, isStrict && credential.IsThere)
            : credential.IsThere ? Unmatched(context, app, credential, isStrict) : null;
    }

    /// <summary>Whether a running stream would be let in again by the policies that need no person.</summary>
    public VerdictKind Again(Passage passage, AccessTable table, AppEntry app) => PolicyEvaluator.BeforeSignIn(
        app,
        places.Visitor(app, passage.Address, null) with
        {
            LinkedApp = links.Again(passage.Admission, table),
            ServiceToken = passage.Admission.ServiceTokenId is { } id ? Living(table, id, passage.Admission.SecretVersion)?.Entry.Token.Id : null,
            CommonName = certificates.Again(passage, table),
        }).Kind;

    /// <summary>Whether the request brought a good service token that no policy took.</summary>
    public static bool HasGoodToken(HttpContext context) => context.Items.ContainsKey(GoodTokenKey);

    // A token that came as a cookie counts while the service token behind it does.
    private async ValueTask<ShownToken?> FindPresentedAsync(HttpRequest request, AccessTable table, AppEntry app, string host) =>
        await tokens.FindPresentedAsync(request, table, app, host) is { ServiceTokenId: { } id } facts ? Living(table, id, facts.SecretVersion) : null;

    // Of a secret that was leaked and rotated away nothing is left once its time is over, whatever was made with it before.
    private ShownToken? Living(AccessTable table, string clientId, int version) =>
        table.ServiceTokens.TryGetValue(clientId, out var found) && found.StateAt(clock.GetUtcNow(), version) == ServiceTokenState.Good ? new ShownToken(found, version) : null;

    private async ValueTask<Decision> AdmitAsync(
        HttpContext context, AccessTable table, AppEntry app, string host, CompiledPolicy by, ShownToken? token, string? commonName, bool withoutCookie)
    {
        // Admitted for where it comes from, or for what its browser shows by itself: a foreign page must not borrow that.
        if (RequestKind.IsForeignWebSocket(context) && (by.Action == PolicyAction.NonIdentity || by.HasContinuousRules))
        {
            return new Decision(DecisionKind.RefuseCrossOrigin);
        }

        if (token is not null)
        {
            uses.Seen(token.Entry.Token.Id);
        }

        if (by.Action == PolicyAction.Bypass)
        {
            return Decision.Admit(token is null ? Admission.Anonymous : new Admission { ServiceTokenId = token.ClientId, SecretVersion = token.SecretVersion, GoodUntil = token.End });
        }

        var admission = tokens.For(table, app, host, by, token, commonName);
        if (withoutCookie)
        {
            return new Decision(DecisionKind.Admit, admission, By: by);
        }

        // A service's own cookie was written down when it was given out; a person's that came along is neither replaced nor a way past the log.
        return await tokens.FindPresentedAsync(context.Request, table, app, host) is { } presented
            ? new Decision(DecisionKind.Admit, admission, By: presented.IdentityNonce is null ? null : by)
            : new Decision(DecisionKind.AdmitService, admission, By: by);
    }

    // No cookie: a program sends its token each time, and the token may end before the cookie would.
    private Decision AdmitLinked(HttpContext context, AccessTable table, AppEntry app, string host, CompiledPolicy by, SaasAccess linked) =>
        RequestKind.IsForeignWebSocket(context) && (by.Action == PolicyAction.NonIdentity || by.HasContinuousRules) ? new Decision(DecisionKind.RefuseCrossOrigin)
        : by.Action == PolicyAction.Bypass ? Decision.Admit(LinkedTokens.Bound(new Admission { GoodUntil = linked.ExpiresAt }, linked))
        : new Decision(DecisionKind.Admit, LinkedTokens.Bound(tokens.For(table, app, host, by, null, linked.ClientId), linked), By: by);

    private static Decision? Unmatched(HttpContext context, AppEntry app, ServiceCredential credential, bool isStrict)
    {
        if (credential.Token is not null)
        {
            context.Items[GoodTokenKey] = true;
        }

        var fault = credential.Fault ?? $"no bypass or service-auth policy admits service token '{credential.Token?.Token.Name}'";
        return isStrict ? new Decision(DecisionKind.UnmatchedService, Fault: fault)
            : app.App.ServiceAuth401 ? new Decision(DecisionKind.BadService, Fault: fault)
            : null;
    }
}
