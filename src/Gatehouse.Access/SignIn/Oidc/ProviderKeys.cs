using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.Tokens;

namespace Gatehouse.Access.SignIn.Oidc;

/// <summary>The keys providers publish, kept up to a day; fetched again for a key id that is not among them, but not at anyone's pace.</summary>
internal sealed class ProviderKeys(UpstreamCall upstream, TimeProvider clock)
{
    // One per login method; more than this means URLs were edited many times.
    private const int MostUrls = 200;
    private static readonly TimeSpan Keep = TimeSpan.FromHours(24);
    private static readonly TimeSpan RefetchFloor = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, KeySet> sets = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Lazy<Task<KeySet>>> running = new(StringComparer.Ordinal);

    /// <summary>The key with this id at <paramref name="certsUrl"/>. A token without key id gets the only key there is.</summary>
    public async Task<Outcome<JsonWebKey>> FindAsync(string certsUrl, string? kid, string step, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (sets.TryGetValue(certsUrl, out var set) && (now - set.TriedAt < RefetchFloor || (now - set.FetchedAt < Keep && Pick(set, kid) is not null)))
        {
            return Answer(set, certsUrl, kid, step);
        }

        // One fetch per URL at a time: a provider that is slow keeps only its own people waiting. Whoever comes meanwhile takes its outcome,
        // so it is not for one of them to cancel; the upstream call has a limit of its own.
        var fetch = running.GetOrAdd(certsUrl, url => new Lazy<Task<KeySet>>(() => FetchAndKeepAsync(url, set)));
        return Answer(await fetch.Value.WaitAsync(cancellationToken), certsUrl, kid, step);
    }

    private async Task<KeySet> FetchAndKeepAsync(string certsUrl, KeySet? old)
    {
        try
        {
            var fetched = await FetchAsync(certsUrl, old, CancellationToken.None);
            if (sets.Count >= MostUrls)
            {
                sets.Clear();
            }

            return sets[certsUrl] = fetched;
        }
        finally
        {
            running.TryRemove(certsUrl, out _);
        }
    }

    private static JsonWebKey? Pick(KeySet set, string? kid) =>
        kid is null ? (set.Keys.Count == 1 ? set.Keys[0] : null) : set.Keys.FirstOrDefault(k => k.Kid == kid);

    private static Outcome<JsonWebKey> Answer(KeySet set, string certsUrl, string? kid, string step)
    {
        if (Pick(set, kid) is { } key)
        {
            return key;
        }

        return set.Fault is { } fault
            ? new SignInFailure("jwks_unreachable", step, "Failed to verify the ID token", $"Access could not read the login method's public keys: the certificate URL {fault}. Check it in the login method's settings.", $"{certsUrl} {fault}")
            : new SignInFailure(
                "id_token_key_unknown",
                step,
                "Failed to verify oidc token with fresh keys",
                "The ID token names a key that the login method does not publish at the certificate URL. Check that this URL belongs to the same provider as the token URL.",
                "unknown key id");
    }

    private async Task<KeySet> FetchAsync(string certsUrl, KeySet? old, CancellationToken cancellationToken)
    {
        var fetched = await TryFetchAsync(certsUrl, cancellationToken);
        var now = clock.GetUtcNow();

        // Keys in hand serve on for their day while their place can't be reached.
        return fetched.Fault is not null && old is not null && now - old.FetchedAt < Keep
            ? old with { TriedAt = now, Fault = fetched.Fault }
            : fetched with { TriedAt = now, FetchedAt = fetched.Fault is null ? now : DateTimeOffset.MinValue };
    }

    private async Task<KeySet> TryFetchAsync(string certsUrl, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(certsUrl, UriKind.Absolute, out var url) || (url.Scheme != Uri.UriSchemeHttps && url.Scheme != Uri.UriSchemeHttp))
        {
            return new KeySet([], "is not an https URL");
        }

        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        var answer = await upstream.SendAsync(request, cancellationToken);
        if (answer.Fault is { } fault)
        {
            return new KeySet([], fault);
        }

        if (answer.Status != StatusCodes.Status200OK || JsonText.Object(answer.Body) is not { } json || !json.TryGetProperty("keys", out var keys) || keys.ValueKind != JsonValueKind.Array)
        {
            return new KeySet([], $"answered {answer.Status} with something that is not a JWKS");
        }

        return new KeySet([.. keys.EnumerateArray().Select(Key).OfType<JsonWebKey>()], null);
    }

    // Only the numbers of the key: certificates, URLs and key operations beside them are nobody's word here.
    private static JsonWebKey? Key(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object || JsonText.Word(json, "use") is not (null or "sig"))
        {
            return null;
        }

        var key = new JsonWebKey { Kty = Text("kty"), Kid = Text("kid"), Alg = Text("alg"), N = Text("n"), E = Text("e"), Crv = Text("crv"), X = Text("x"), Y = Text("y") };
        return key.Kty switch
        {
            JsonWebAlgorithmsKeyTypes.RSA when IsNumber(key.N) && IsNumber(key.E) && key.KeySize >= 2048 => key,
            JsonWebAlgorithmsKeyTypes.EllipticCurve when IsNumber(key.X) && IsNumber(key.Y) => key,
            _ => null,
        };

        string? Text(string name) => json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? JsonText.TryText(value) : null;
    }

    private static bool IsNumber(string? text) => text is { Length: > 0 and <= 4096 } && System.Buffers.Text.Base64Url.IsValid(text);

    private sealed record KeySet(IReadOnlyList<JsonWebKey> Keys, string? Fault)
    {
        public DateTimeOffset FetchedAt { get; init; }

        public DateTimeOffset TriedAt { get; init; }
    }
}
