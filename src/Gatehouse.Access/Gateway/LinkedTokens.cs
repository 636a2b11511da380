using Gatehouse.Access.Saas;
using Gatehouse.Model.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.Gateway;

/// <summary>Access tokens of SaaS applications as credentials at apps that name them (<c>linked_app_token</c>, contract 1.6).</summary>
internal sealed class LinkedTokens(SaasVerifier verifier, TimeProvider clock)
{
    /// <summary>The token of the request; null when there is none that counts. It is taken off the request: the origin could use it elsewhere.</summary>
    public async ValueTask<SaasAccess?> TakeAsync(HttpRequest request, AccessTable table, AppEntry app)
    {
        if (app.LinkedApps.IsEmpty || SaasMetadata.Bearer(request) is not { } token)
        {
            return null;
        }

        foreach (var id in app.LinkedApps)
        {
            if (Find(table, id) is { } linked && await verifier.VerifyAsync(token, table, linked) is { } access)
            {
                request.Headers.Remove("Authorization");
                return access;
            }
        }

        return null;
    }

    /// <summary>What a request goes to the origin with that such a token let in: <paramref name="admission"/>, until the token ends.</summary>
    public static Admission Bound(Admission admission, SaasAccess access) => new()
    {
        Token = admission.Token,
        LinkedApp = access.AppId,
        LinkedEpoch = access.Epoch,
        Nonce = access.SessionNonce,
        GoodUntil = admission.GoodUntil < access.ExpiresAt ? admission.GoodUntil : access.ExpiresAt,
    };

    /// <summary>The application whose token let a running stream in, if that would count still. Whether its session was ended is looked at wherever streams are.</summary>
    public Guid? Again(Admission admission, AccessTable table) =>
        admission.LinkedApp is { } id && Find(table, id) is { } app && app.App.TokenEpoch == admission.LinkedEpoch && admission.GoodUntil > clock.GetUtcNow() ? id : null;

    private static AppEntry? Find(AccessTable table, Guid id)
    {
        foreach (var app in table.SaasApps.Values)
        {
            if (app.App.Id == id)
            {
                return app;
            }
        }

        return null;
    }
}
