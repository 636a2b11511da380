using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Policies;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn.Oidc;

/// <summary>What GitHub's REST API says of a person, in the shape of claims. A class, so that it is never printed.</summary>
internal sealed class GitHubAccount
{
    /// <summary>sub, name, email and groups.</summary>
    public required JsonElement Claims { get; init; }
}

/// <summary>Asks GitHub who somebody is: it is no OpenID provider and gives no ID token. The base of its API stands where others have their keys' URL.</summary>
internal sealed class GitHubAccounts(UpstreamCall upstream)
{
    private const int PageSize = 100;
    private const int MostPages = 10;

    /// <summary>The account, its primary verified address, its organizations and teams.</summary>
    public async Task<Outcome<GitHubAccount>> ReadAsync(LoginMethod method, string token, CancellationToken cancellationToken)
    {
        var user = await AskAsync(method, "/user", token, JsonValueKind.Object, cancellationToken);
        var emails = user.Value is null ? user : await AskAsync(method, "/user/emails", token, JsonValueKind.Array, cancellationToken);
        if (emails.Value is not { } found || user.Value is not { } account)
        {
            return emails.Failure!; // the other half
        }

        var groups = new SortedSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (path, read) in ((string, Func<JsonElement, string?>)[])[("/user/orgs", Organization), ("/user/teams", Team)])
        {
            if (await CollectAsync(method, path, token, read, groups, cancellationToken) is { } failure)
            {
                return failure;
            }
        }

        if (account.Json.TryGetProperty("id", out var id) && id.TryGetInt64(out var number))
        {
            return new GitHubAccount { Claims = Claims(account.Json, number, Primary(found.Json), groups) };
        }

        return Failure(method, "/user", "answered without the account's id");
    }

    private static JsonElement Claims(JsonElement user, long id, string? email, IEnumerable<string> groups)
    {
        var claims = new JsonObject
        {
            ["sub"] = id.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["name"] = JsonText.Text(user, "name") ?? JsonText.Text(user, "login"),
            ["preferred_username"] = JsonText.Text(user, "login"),
            [ProviderGroups.Claim] = new JsonArray([.. groups.Select(g => JsonValue.Create(g))]),
        };
        if (email is not null)
        {
            (claims["email"], claims["email_verified"]) = (email, true);
        }

        return JsonSerializer.SerializeToElement(claims, GitHubJson.Default.JsonObject);
    }

    // Anybody can add anybody's address to an account; only what GitHub verified is theirs.
    private static string? Primary(JsonElement emails) => emails.EnumerateArray()
        .Where(e => e.ValueKind == JsonValueKind.Object && IsTrue(e, "primary") && IsTrue(e, "verified"))
        .Select(e => JsonText.Text(e, "email"))
        .FirstOrDefault();

    private static bool IsTrue(JsonElement element, string name) => element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    private static string? Organization(JsonElement item) => JsonText.Text(item, "login") is { } login ? ProviderGroups.GitHub(login, null) : null;

    private static string? Team(JsonElement item) =>
        item.TryGetProperty("organization", out var organization) && organization.ValueKind == JsonValueKind.Object
        && JsonText.Text(organization, "login") is { } login && JsonText.Text(item, "slug") is { } slug
            ? ProviderGroups.GitHub(login, slug)
            : null;

    // All pages or none: rules that deny must not miss a group.
    private async Task<SignInFailure?> CollectAsync(
        LoginMethod method, string path, string token, Func<JsonElement, string?> read, SortedSet<string> groups, CancellationToken cancellationToken)
    {
        for (var page = 1; page <= MostPages; page++)
        {
            var answer = await AskAsync(method, $"{path}?per_page={PageSize}&page={page}", token, JsonValueKind.Array, cancellationToken);
            if (answer.Value is not { } list)
            {
                return answer.Failure;
            }

            foreach (var item in list.Json.EnumerateArray())
            {
                if (item.ValueKind != JsonValueKind.Object || read(item) is not { } group)
                {
                    return Failure(method, path, "answered with an entry that has no name");
                }

                groups.Add(group);
            }

            if (list.Json.GetArrayLength() < PageSize)
            {
                return null;
            }
        }

        return Failure(method, path, $"has more than {PageSize * MostPages} entries");
    }

    private async Task<Outcome<Answered>> AskAsync(LoginMethod method, string path, string token, JsonValueKind kind, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(method.CertsUrl.TrimEnd('/') + path, UriKind.Absolute, out var url))
        {
            return Failure(method, path, "is no URL");
        }

        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        request.Headers.Accept.ParseAdd("application/vnd.github+json");
        request.Headers.UserAgent.ParseAdd("Gatehouse"); // GitHub refuses requests without one
        var answer = await upstream.SendAsync(request, cancellationToken);
        if (answer.Fault is { } fault)
        {
            return Failure(method, path, fault);
        }

        if (answer.Status != StatusCodes.Status200OK)
        {
            return Failure(method, path, $"answered {answer.Status}; check that the scopes read:user, user:email and read:org are asked for");
        }

        return Parse(answer.Body) is { } json && json.ValueKind == kind ? new Answered(json) : Failure(method, path, "answered with something else than was asked for");
    }

    private static JsonElement? Parse(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static SignInFailure Failure(LoginMethod method, string path, string what) => new(
        "account_unreadable",
        $"Asking {method.Name} for {path.Split('?')[0]}",
        "Failed to fetch user/group information from the identity provider",
        $"The API's {path.Split('?')[0]} {what}.",
        $"{path} {what}");

    private sealed class Answered(JsonElement json)
    {
        public JsonElement Json { get; } = json;
    }
}

[System.Text.Json.Serialization.JsonSerializable(typeof(JsonObject))]
internal sealed partial class GitHubJson : System.Text.Json.Serialization.JsonSerializerContext;
