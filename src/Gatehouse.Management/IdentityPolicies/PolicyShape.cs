using Gatehouse.Model.Bindings;

namespace Gatehouse.Management.IdentityPolicies;

/// <summary>What a setting of a policy holds.</summary>
internal enum SettingKind
{
    Flag,
    Number,
    Text,
    NullableText,
    Texts,
    Numbers,
}

/// <summary>A setting of a policy.</summary>
/// <param name="Default">Null for settings that are null by default.</param>
internal sealed record SettingField(string Name, SettingKind Kind, object? Default)
{
    public bool IsRequired { get; init; }

    public int Least { get; init; }

    public int Most { get; init; } = int.MaxValue;

    public int Longest { get; init; } = 1000;
}

/// <summary>One kind of policy as the API knows it: authentik's words and settings.</summary>
internal sealed record PolicyShape(PolicyKind Kind, string Path, string Component, string Name, string ModelName, string Description, IReadOnlyList<SettingField> Fields)
{
    /// <summary>All kinds.</summary>
    public static IReadOnlyList<PolicyShape> All { get; } =
    [
        new(PolicyKind.Expression, "expression", "ak-policy-expression-form", "Expression Policy", "authentik_policies_expression.expressionpolicy",
            "Decides by an expression.",
            [new("expression", SettingKind.Text, "") { IsRequired = true, Longest = 16 * 1024 }]),
        new(PolicyKind.Reputation, "reputation", "ak-policy-reputation-form", "Reputation Policy", "authentik_policies_reputation.reputationpolicy",
            "Passes for names and addresses that have failed to sign in too often.",
            [Flag("check_ip", true), Flag("check_username", true), new("threshold", SettingKind.Number, -5) { Least = int.MinValue }]),
        new(PolicyKind.EventMatcher, "event_matcher", "ak-policy-event-matcher-form", "Event Matcher Policy", "authentik_policies_event_matcher.eventmatcherpolicy",
            "Passes for events that fit all that is set.",
            [Nullable("action"), Nullable("client_ip"), Nullable("app"), Nullable("model"), Nullable("query")]),
        new(PolicyKind.Password, "password", "ak-policy-password-form", "Password Policy", "authentik_policies_password.passwordpolicy",
            "Passes for passwords that are long, mixed or strong enough.",
            [
                Text("password_field", "password"), Count("amount_digits"), Count("amount_uppercase"), Count("amount_lowercase"), Count("amount_symbols"), Count("length_min"),
                Text("symbol_charset", PolicySettings.DefaultSymbols), Text("error_message", ""), Flag("check_static_rules", true), Flag("check_have_i_been_pwned", false),
                Flag("check_zxcvbn", false), Count("hibp_allowed_count"), new("zxcvbn_score_threshold", SettingKind.Number, 2) { Most = 4 },
            ]),
        new(PolicyKind.PasswordExpiry, "password_expiry", "ak-policy-password-expiry-form", "Password Expiry Policy", "authentik_policies_expiry.passwordexpirypolicy",
            "Passes while the password is young; may end an old one.",
            [new("days", SettingKind.Number, 0) { IsRequired = true, Most = 36500 }, Flag("deny_only", false)]),
        new(PolicyKind.UniquePassword, "unique_password", "ak-policy-password-uniqueness-form", "Password Uniqueness Policy", "authentik_policies_unique_password.uniquepasswordpolicy",
            "Passes for passwords that were not used lately.",
            [Text("password_field", "password"), new("num_historical_passwords", SettingKind.Number, 1) { Least = 1, Most = 10 }]),
        new(PolicyKind.GeoIp, "geoip", "ak-policy-geoip-form", "GeoIP Policy", "authentik_policies_geoip.geoippolicy",
            "Passes for countries and networks.",
            [
                new("asns", SettingKind.Numbers, null), new("countries", SettingKind.Texts, null), Flag("check_history_distance", false), Count("history_max_distance_km", 100),
                Count("distance_tolerance_km", 50), new("history_login_count", SettingKind.Number, 5) { Most = 100 }, Flag("check_impossible_travel", false), Count("impossible_tolerance_km", 100),
            ]),
        new(PolicyKind.Dummy, "dummy", "ak-policy-dummy-form", "Dummy Policy", "authentik_policies_dummy.dummypolicy",
            "Says what it is told to, for trying things out.",
            [Flag("result", false), Count("wait_min", 5), Count("wait_max", 30)]),
    ];

    /// <summary>More than one of it.</summary>
    public string PluralName => Name.Replace("Policy", "Policies", StringComparison.Ordinal);

    /// <summary>The shape of a kind.</summary>
    public static PolicyShape Of(PolicyKind kind) => All.First(s => s.Kind == kind);

    private static SettingField Flag(string name, bool absent) => new(name, SettingKind.Flag, absent);

    private static SettingField Text(string name, string absent) => new(name, SettingKind.Text, absent);

    private static SettingField Nullable(string name) => new(name, SettingKind.NullableText, null);

    private static SettingField Count(string name, int absent = 0) => new(name, SettingKind.Number, absent) { Most = 1_000_000 };
}
