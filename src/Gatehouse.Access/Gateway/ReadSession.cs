using Gatehouse.Access.Tokens;
using Gatehouse.Model.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.Gateway;

/// <summary>Finds the one token of a request that is valid for an app at a host, among all its cookies of that name and the token header.</summary>
internal sealed class ReadSession(TokenCache tokens, ISnapshot<RevocationTable> revocations)
{
    /// <summary>The header that programs send a token in.</summary>
    public const string TokenHeader = "Cf-Access-Token";

    // A browser sends one, or two when an app's path has its own. More is an attempt to make us verify.
    private const int MostCandidates = 4;
    private const int ShortestToken = 100;
    private const int LongestToken = 8192;

    /// <summary>The token, or null. Two valid tokens of different people count as none: choosing would be luck.</summary>
    public ValueTask<SessionToken?> RunAsync(HttpRequest request, AccessTable table, AppEntry app, string host)
    {
        var choice = new Choice(app, host, GateCookies.BindingOf(request, app), revocations.Current);
        List<string>? unknown = null;
        var candidates = 0;
        foreach (var line in request.Headers.Cookie)
        {
            foreach (var range in line.AsSpan().Split(';'))
            {
                var pair = line.AsSpan(range).TrimStart(' ');
                if (pair.StartsWith(GateCookies.Authorization, StringComparison.Ordinal) && pair.Length > GateCookies.Authorization.Length && pair[GateCookies.Authorization.Length] == '=')
                {
                    Look(pair[(GateCookies.Authorization.Length + 1)..].Trim(' '), table, ref candidates, ref choice, ref unknown);
                }
            }
        }

        var headers = request.Headers[TokenHeader];
        for (var n = 0; n < headers.Count; n++)
        {
            Look(headers[n], table, ref candidates, ref choice, ref unknown);
        }

        if (app.App.Agents is not null && AgentToken.Of(request) is { } agent)
        {
            Look(agent, table, ref candidates, ref choice, ref unknown);
        }

        if (candidates > MostCandidates)
        {
            return default;
        }

        return unknown is null ? new(choice.Chosen) : VerifyAsync(unknown, table, choice);
    }

    /// <summary>The same token under another table or at a later time; null when it is none any more.</summary>
    public async ValueTask<SessionToken?> AgainAsync(string token, AccessTable table, AppEntry app, string host, string? binding)
    {
        var choice = new Choice(app, host, binding, revocations.Current);
        if ((tokens.Find(token, table) ?? await tokens.VerifyAsync(token, table)) is { } found)
        {
            choice.Add(found);
        }

        return choice.Chosen;
    }

    private void Look(ReadOnlySpan<char> token, AccessTable table, ref int candidates, ref Choice choice, ref List<string>? unknown)
    {
        if (token.Length is < ShortestToken or > LongestToken || ++candidates > MostCandidates)
        {
            return;
        }

        if (tokens.Find(token, table) is { } found)
        {
            choice.Add(found);
        }
        else if (token.Count('.') == 2)
        {
            (unknown ??= []).Add(token.ToString());
        }
    }

    private async ValueTask<SessionToken?> VerifyAsync(List<string> unknown, AccessTable table, Choice choice)
    {
        foreach (var token in unknown)
        {
            if (await tokens.VerifyAsync(token, table) is { } verified)
            {
                choice.Add(verified);
            }
        }

        return choice.Chosen;
    }

    private struct Choice(AppEntry app, string host, string? binding, RevocationTable revoked)
    {
        private SessionToken? best;
        private bool isTorn;

        public readonly SessionToken? Chosen => isTorn ? null : best;

        public void Add(SessionToken token)
        {
            // A sibling app's cookie is no token here, nor is this app's from another of its hosts, whose origin has seen it.
            if (token.Facts.Audience != app.App.Aud || !HostMark.IsOf(token.Facts.Host, host, app, binding) || revoked.IsRevoked(token.Facts.IdentityNonce!)) // persons' tokens only, which have one
            {
                return;
            }

            isTorn |= best is not null && best.Facts.Subject != token.Facts.Subject;
            best = best is null || token.Facts.IssuedAt > best.Facts.IssuedAt ? token : best;
        }
    }
}
