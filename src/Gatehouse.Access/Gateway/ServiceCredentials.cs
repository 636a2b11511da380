using System.Text.Json;
using Gatehouse.Model.Machines;
using Gatehouse.Model.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.Gateway;

/// <summary>What a request brings as a service token. Neither good nor faulty when it brings none.</summary>
/// <param name="Token">The token that it has proved to hold.</param>
/// <param name="Fault">Why what it brings does not count; for the log only.</param>
/// <param name="SecretVersion">Which of the token's secrets it was.</param>
internal readonly record struct ServiceCredential(ServiceTokenEntry? Token, string? Fault, int SecretVersion = 0)
{
    /// <summary>Whether the request brings anything of the kind.</summary>
    public bool IsThere => Token is not null || Fault is not null;
}

/// <summary>Reads the service token of a request (contract 1.6): two headers, or one that the app names.</summary>
internal sealed class ServiceCredentials(TimeProvider clock)
{
    private const string IdHeader = "CF-Access-Client-Id";
    private const string SecretHeader = "CF-Access-Client-Secret";
    private const int LongestHeader = 2048;

    /// <summary>Reads it. What was read from the app's own header is taken off the request: it was meant for us, and the origin sees the rest.</summary>
    public ServiceCredential Read(HttpRequest request, AccessTable table, AppEntry app)
    {
        var (ids, secrets) = (request.Headers[IdHeader], request.Headers[SecretHeader]);
        var own = app.App.ServiceTokenHeader is { } name ? TakeOwn(request, name) : null;
        if (ids.Count == 0 && secrets.Count == 0)
        {
            return own is var (id, secret) ? Check(table, id, secret) : default;
        }

        return own is not null ? Faulty("it came in two ways at once")
            : ids is [{ } only] && secrets is [{ } key] ? Check(table, only, key)
            : Faulty(ids.Count > 1 || secrets.Count > 1 ? "one of its headers came more than once" : "only one of its two headers came");
    }

    private ServiceCredential Check(AccessTable table, string id, string secret)
    {
        if (!table.ServiceTokens.TryGetValue(id, out var token))
        {
            return Faulty("there is no service token of this client id");
        }

        return token.Check(secret, clock.GetUtcNow(), out var version) switch
        {
            ServiceTokenState.Good => new ServiceCredential(token, null, version),
            ServiceTokenState.Disabled => Faulty($"service token '{token.Token.Name}' is switched off"),
            ServiceTokenState.Expired => Faulty($"service token '{token.Token.Name}' has expired"),
            _ => Faulty($"the secret is not that of service token '{token.Token.Name}'"),
        };
    }

    private static ServiceCredential Faulty(string fault) => new(null, fault);

    // A header such as Authorization may well be the origin's business: it is ours when it holds an object with our two names.
    private static (string Id, string Secret)? TakeOwn(HttpRequest request, string name)
    {
        if (request.Headers[name] is not { Count: > 0 } values || !values.Any(v => v is not null && v.TrimStart().StartsWith('{')))
        {
            return null;
        }

        var read = values is [{ Length: <= LongestHeader } text] ? Parse(text) : ("", "");
        if (read is not null)
        {
            request.Headers.Remove(name);
        }

        return read;
    }

    private static (string Id, string Secret)? Parse(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            string? id = null;
            string? secret = null;
            foreach (var field in json.RootElement.EnumerateObject())
            {
                if (field.NameEquals("cf-access-client-id") && id is null)
                {
                    id = Text(field.Value);
                }
                else if (field.NameEquals("cf-access-client-secret") && secret is null)
                {
                    secret = Text(field.Value);
                }
                else if (field.Name.StartsWith("cf-access-client-", StringComparison.OrdinalIgnoreCase))
                {
                    return ("", ""); // twice, or in another spelling: which one is meant would be a guess
                }
            }

            return id is null && secret is null ? null : (id ?? "", secret ?? "");
        }
        catch (JsonException)
        {
            return null;
        }
        catch (InvalidOperationException)
        {
            return ("", ""); // an escape that stands for no character
        }
    }

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString() ?? "" : "";
}
