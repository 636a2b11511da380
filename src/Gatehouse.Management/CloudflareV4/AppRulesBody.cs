using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Model.Apps;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>The parts of an application that are objects of their own: CORS, Managed OAuth, and the name of a header (contract §3.4).</summary>
internal static class AppRulesBody
{
    private const int MostEntries = 100;
    private static readonly string[] Methods = ["GET", "POST", "HEAD", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

    // Names that mean something else on the way, and ours.
    private static readonly string[] Reserved =
        ["host", "cookie", "connection", "content-length", "content-type", "transfer-encoding", "upgrade", "te", "origin", "cf-access-client-id", "cf-access-client-secret", "cf-access-token"];

    /// <summary>Null when absent, or when it allows nothing.</summary>
    public static CorsRules? ReadCors(BodyFields body)
    {
        if (body.Inner("cors_headers") is not { } fields)
        {
            return null;
        }

        var rules = new CorsRules
        {
            AllowAllOrigins = fields.Flag("allow_all_origins").Or(false),
            AllowedOrigins = fields.Texts("allowed_origins").Or([]),
            AllowAllMethods = fields.Flag("allow_all_methods").Or(false),
            AllowedMethods = [.. fields.Texts("allowed_methods").Or([]).Select(m => m.ToUpperInvariant())],
            AllowAllHeaders = fields.Flag("allow_all_headers").Or(false),
            AllowedHeaders = fields.Texts("allowed_headers").Or([]),
            AllowCredentials = fields.Flag("allow_credentials").Or(false),
            MaxAge = fields.Number("max_age").Is(out var seconds) ? seconds : null,
        };
        Check(rules, fields);
        body.Faults.AddRange(fields.Faults);
        var isNothing = !rules.AllowAllOrigins && rules.AllowedOrigins.Count == 0 && !rules.AllowAllMethods && rules.AllowedMethods.Count == 0
            && !rules.AllowAllHeaders && rules.AllowedHeaders.Count == 0 && !rules.AllowCredentials;
        return isNothing ? null : rules;
    }

    public static JsonObject? Of(CorsRules? rules) => rules is null ? null : new JsonObject
    {
        ["allow_all_origins"] = rules.AllowAllOrigins,
        ["allowed_origins"] = JsonList.Of(rules.AllowedOrigins),
        ["allow_all_methods"] = rules.AllowAllMethods,
        ["allowed_methods"] = JsonList.Of(rules.AllowedMethods),
        ["allow_all_headers"] = rules.AllowAllHeaders,
        ["allowed_headers"] = JsonList.Of(rules.AllowedHeaders),
        ["allow_credentials"] = rules.AllowCredentials,
        ["max_age"] = rules.MaxAge,
    };

    /// <summary>The header that a service token may come in; null when absent.</summary>
    public static string? ReadHeaderName(BodyFields body)
    {
        const string Field = "read_service_tokens_from_header";
        if (!body.Text(Field, 100).Is(out var name) || name.Length == 0)
        {
            return null;
        }

        if (!IsToken(name) || Reserved.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            body.Refuse(Field, $"{Field} must be the name of a header that means nothing else, such as Authorization");
        }

        return name;
    }

    /// <summary>Null when absent or switched off.</summary>
    public static AgentRules? ReadAgents(BodyFields body)
    {
        if (body.Inner("oauth_configuration") is not { } fields)
        {
            return null;
        }

        var isEnabled = fields.Flag("enabled").Or(false);
        var registration = fields.Inner("dynamic_client_registration") ?? BodyFields.Nothing();
        var grant = fields.Inner("grant") ?? BodyFields.Nothing();
        var rules = new AgentRules
        {
            RegistrationEnabled = registration.Flag("enabled").Or(true),
            AnyOnLocalhost = registration.Flag("allow_any_on_localhost").Or(true),
            AnyOnLoopback = registration.Flag("allow_any_on_loopback").Or(true),
            AllowedUris = registration.Texts("allowed_uris").Or([]),
            AccessTokenLifetime = grant.Duration("access_token_lifetime").Or(TimeSpan.FromMinutes(15)),
            SessionDuration = grant.Duration("session_duration").Is(out var duration) ? duration : null,
        };
        if (rules.AccessTokenLifetime < TimeSpan.FromMinutes(1) || rules.AccessTokenLifetime > TimeSpan.FromHours(24))
        {
            grant.Refuse("access_token_lifetime", "access_token_lifetime must be between 1m and 24h");
        }

        if (rules.SessionDuration is { } session && (session < TimeSpan.FromMinutes(1) || session > TimeSpan.FromDays(31)))
        {
            grant.Refuse("session_duration", "session duration must be between 1m and 744h");
        }

        if (rules.AllowedUris.Count > MostEntries || !rules.AllowedUris.TrueForAll(AgentRedirects.IsSafe))
        {
            registration.Refuse("allowed_uris", $"allowed_uris holds up to {MostEntries} https URLs, or http ones of this machine, without fragment");
        }

        body.Faults.AddRange([.. fields.Faults, .. registration.Faults, .. grant.Faults]);
        return isEnabled ? rules : null;
    }

    public static JsonObject Of(AgentRules rules)
    {
        var grant = new JsonObject { ["access_token_lifetime"] = GoDuration.Format(rules.AccessTokenLifetime) };
        if (rules.SessionDuration is { } duration)
        {
            grant["session_duration"] = GoDuration.Format(duration);
        }

        return new JsonObject
        {
            ["enabled"] = true,
            ["dynamic_client_registration"] = new JsonObject
            {
                ["enabled"] = rules.RegistrationEnabled,
                ["allow_any_on_localhost"] = rules.AnyOnLocalhost,
                ["allow_any_on_loopback"] = rules.AnyOnLoopback,
                ["allowed_uris"] = JsonList.Of(rules.AllowedUris),
            },
            ["grant"] = grant,
        };
    }

    private static void Check(CorsRules rules, BodyFields fields)
    {
        if (rules.AllowCredentials && rules.AllowAllOrigins)
        {
            fields.Refuse("allow_credentials", "allow_credentials and allow_all_origins exclude each other");
        }

        foreach (var (all, list, name) in ((bool, List<string>, string)[])
            [(rules.AllowAllOrigins, rules.AllowedOrigins, "origins"), (rules.AllowAllMethods, rules.AllowedMethods, "methods"), (rules.AllowAllHeaders, rules.AllowedHeaders, "headers")])
        {
            if ((all && list.Count > 0) || list.Count > MostEntries)
            {
                fields.Refuse("allowed_" + name, $"allow_all_{name} or a list of up to {MostEntries} allowed_{name}, not both");
            }
        }

        if (!rules.AllowedOrigins.TrueForAll(IsOrigin))
        {
            fields.Refuse("allowed_origins", "an origin is a scheme, a host and no more, such as https://example.com");
        }

        if (!rules.AllowedMethods.TrueForAll(m => Methods.Contains(m)))
        {
            fields.Refuse("allowed_methods", $"allowed_methods takes {string.Join(", ", Methods)}");
        }

        if (!rules.AllowedHeaders.TrueForAll(IsToken))
        {
            fields.Refuse("allowed_headers", "allowed_headers takes names of headers");
        }

        if (rules.MaxAge is < -1 or > 86_400)
        {
            fields.Refuse("max_age", "max_age must be between -1 and 86400");
        }
    }

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.GetLeftPart(UriPartial.Authority) == text && uri.UserInfo.Length == 0;

    // RFC 9110 §5.6.2, as far as names of headers go.
    private static bool IsToken(string text) => text.Length is > 0 and <= 100 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}
