using System.Text.Json;
using Gatehouse.Access.SignIn.Testing;
using Gatehouse.Model.Claims;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn.Oidc;

/// <summary>Turns a provider's code into what it says of a person, in the provider's own way.</summary>
internal sealed class ProviderIdentities(CodeExchange exchange, IdTokenVerifier idTokens, GitHubAccounts gitHub, PublicUrls urls)
{
    private const string Title = "Failed to fetch user/group information from the identity provider";

    /// <summary>Redeems the code, and reads and checks what it is good for.</summary>
    public async Task<Outcome<IdentityFacts>> FindAsync(LoginMethodEntry method, string code, LoginState state, CancellationToken cancellationToken)
    {
        if (method.Method.Type == LoginMethodTypes.GitHub)
        {
            var access = await exchange.RedeemAsync(method, "access_token", code, state.CodeVerifier, cancellationToken);
            var account = access.Value is { } token ? await gitHub.ReadAsync(method.Method, token, cancellationToken) : access.Failure!; // the other half
            if (account.Value is { } read)
            {
                state.Trace?.Add("Token endpoint", "Answered 200 with an access token.");
                Trace(state.Trace, read.Claims, method.Method);
            }

            return account.Value is { } payload ? IdentityFacts.Read(method.Method, payload.Claims, EmailTrust.UnlessDenied) : account.Failure!; // the other half
        }

        var redeemed = await exchange.RedeemAsync(method, code, state.CodeVerifier, cancellationToken);
        if (redeemed.Value is not { } idToken)
        {
            return redeemed.Failure!; // the other half
        }

        Trace(state.Trace, idToken);
        var verified = await idTokens.VerifyAsync(method, idToken, state.Nonce, cancellationToken);
        if (verified.Value is not { } claims)
        {
            return verified.Failure!; // the other half
        }

        state.Trace?.Add("Key and signature", "The key is published, and signature, issuer, audience, times and nonce are right.");
        Trace(state.Trace, claims.Payload, method.Method);
        return Refusal(method.Method, claims.Payload) is { } refusal ? refusal
            : IdentityFacts.Read(method.Method, claims.Payload, TrustIn(method.Method, claims.Payload));
    }

    private static void Trace(SignInTrace? trace, string idToken)
    {
        trace?.Add("Token endpoint", "Answered 200 with an ID token.");
        if (trace is not null && idToken.Split('.') is [{ Length: > 0 and < 8192 } head, ..] && System.Buffers.Text.Base64Url.IsValid(head)
            && JsonText.Object(System.Buffers.Text.Base64Url.DecodeFromChars(head)) is { } header)
        {
            trace.Add("ID token", $"alg {JsonText.Plain(JsonText.Text(header, "alg") ?? "missing", 20)}, kid {JsonText.Plain(JsonText.Text(header, "kid") ?? "none", 200)}.");
        }
    }

    private static void Trace(SignInTrace? trace, JsonElement payload, LoginMethod method)
    {
        trace?.Add("Claims received", JsonText.Plain(string.Join(", ", payload.EnumerateObject().Select(p => p.Name)), 2000) + ".");
        trace?.Add("E-mail claim", $"'{method.EmailClaimName}' is {(payload.TryGetProperty(method.EmailClaimName, out _) ? "there" : "missing")}.");
    }

    // What a preset promises besides a valid token.
    private static SignInFailure? Refusal(LoginMethod method, JsonElement payload)
    {
        var step = $"Reading the claims of {method.Name}";
        if (method.Type == LoginMethodTypes.GoogleWorkspace && Preset.Of(method, "apps_domain") is var domain && JsonText.Text(payload, "hd") != domain)
        {
            return new SignInFailure(
                "domain_differs", step, Title, $"This is an account of another domain than {domain} (claim hd). Sign in with your account there.", "hd is not apps_domain", StatusCodes.Status403Forbidden);
        }

        // Entra leaves groups out when there are more than fit, and says where to ask: rules would take that for "in no group".
        if (method.Type == LoginMethodTypes.Entra
            && payload.TryGetProperty("_claim_names", out var names) && names.ValueKind == JsonValueKind.Object && names.TryGetProperty("groups", out _))
        {
            return new SignInFailure(
                "groups_left_out",
                step,
                Title,
                $"{method.Name} left your groups out, since you are in more than its tokens hold. Let the app registration there emit only groups assigned to the application.",
                "groups overage: _claim_names names groups",
                StatusCodes.Status403Forbidden);
        }

        return null;
    }

    // Our own Identity says "not verified" of everybody, as authentik does, and tells us besides which addresses are more than what their owners wrote.
    private EmailTrust TrustIn(LoginMethod method, JsonElement payload) =>
        method.AcceptsUnverifiedEmail ? EmailTrust.Any
        : !method.CertsUrl.StartsWith(urls.Identity + "/", StringComparison.Ordinal) ? EmailTrust.UnlessDenied
        : JsonText.Text(payload, VouchedEmail.Claim) is { } vouched && JsonText.Text(payload, method.EmailClaimName) == vouched ? EmailTrust.Any
        : EmailTrust.Proven;
}
