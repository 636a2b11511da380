using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Policies;

namespace Gatehouse.Management.CloudflareV4;

/// <summary><c>mfa_config</c> of organization, applications and policies, as Cloudflare's API shapes it.</summary>
internal static class MfaBody
{
    private const string Field = "mfa_config";
    private static readonly TimeSpan Usual = TimeSpan.FromHours(24);

    /// <summary>What an application or a policy says; null when it says nothing.</summary>
    public static MfaRules? Read(BodyFields body)
    {
        if (body.Inner(Field) is not { } fields)
        {
            return null;
        }

        var rules = new MfaRules(fields.Flag("mfa_disabled").Or(false), Methods(fields), Duration(fields, "session_duration"));
        body.Faults.AddRange(fields.Faults);
        return rules is { IsDisabled: false, Allowed: MfaMethods.None, Duration: null } ? null : rules;
    }

    /// <summary>What the organization says, whole; absent means that it stays.</summary>
    public static Maybe<OrganizationMfa?> ReadOrganization(BodyFields body)
    {
        if (body.Inner(Field) is not { } fields)
        {
            return default;
        }

        if (fields.TryGet("required_aaguids", out var list) && !(list.ValueKind == System.Text.Json.JsonValueKind.String && list.GetString()?.Length == 0))
        {
            fields.Refuse("required_aaguids", "required_aaguids is not supported: an authenticator's model is its own word, unless its maker's certificates are held against a list of makers, and there is none here");
        }

        var read = new OrganizationMfa(Methods(fields), Duration(fields, "session_duration"), Amr(fields));
        body.Faults.AddRange(fields.Faults);
        return read is { Allowed: MfaMethods.None, Duration: null, AmrDuration: null } ? (OrganizationMfa?)null : read;
    }

    /// <summary>As an application or a policy shows it.</summary>
    public static JsonObject Of(MfaRules rules)
    {
        var body = new JsonObject { ["mfa_disabled"] = rules.IsDisabled };
        if (rules.Allowed != MfaMethods.None)
        {
            body["allowed_authenticators"] = Words(rules.Allowed);
        }

        if (rules.Duration is { } duration)
        {
            body["session_duration"] = Text(duration);
        }

        return body;
    }

    /// <summary>As the organization shows it.</summary>
    public static JsonObject Of(OrganizationMfa? mfa)
    {
        var body = new JsonObject { ["allowed_authenticators"] = Words(mfa?.Allowed ?? MfaMethods.None) };
        if (mfa is { Allowed: not MfaMethods.None } || mfa?.Duration is not null)
        {
            body["session_duration"] = Text(mfa.Duration ?? Usual);
        }

        if (mfa?.AmrDuration is { } amr)
        {
            body["amr_matching_session_duration"] = Text(amr);
        }

        return body;
    }

    // Cloudflare's reference has one field, its guide two others.
    private static TimeSpan? Amr(BodyFields fields)
    {
        var one = Duration(fields, "amr_matching_session_duration");
        var other = Duration(fields, "amr_session_duration");
        return fields.Flag("amr_matching_enabled").Is(out var isOn) ? isOn ? one ?? other ?? Usual : null : one ?? other;
    }

    private static MfaMethods Methods(BodyFields fields)
    {
        var all = MfaMethods.None;
        foreach (var word in fields.Texts("allowed_authenticators").Or([]))
        {
            var method = MfaWords.Of(word);
            if (method == MfaMethods.None)
            {
                fields.Refuse("allowed_authenticators", word is "piv_key" or "ssh_fido2_key"
                    ? $"'{word}' is for infrastructure applications only, and there are none here"
                    : "allowed_authenticators holds totp, biometrics and security_key");
            }

            all |= method;
        }

        return all;
    }

    private static TimeSpan? Duration(BodyFields fields, string name)
    {
        if (!fields.Duration(name).Is(out var duration))
        {
            return null;
        }

        if (duration > MfaDemand.Longest || duration.Ticks % TimeSpan.TicksPerMinute != 0)
        {
            fields.Refuse(name, $"{name} must be whole minutes (m) or hours (h), from 0m to 720h");
        }

        return duration;
    }

    private static JsonArray Words(MfaMethods methods) => JsonList.Of(methods.Each(), m => JsonValue.Create(m.Word()));

    private static string Text(TimeSpan duration) => duration == TimeSpan.Zero ? "0m" : GoDuration.Format(duration);
}
