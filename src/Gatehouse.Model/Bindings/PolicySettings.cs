using System.Text.Json;

namespace Gatehouse.Model.Bindings;

/// <summary>The settings of a policy, read. What is missing has authentik's default; what can't be read throws <see cref="JsonException"/>.</summary>
public abstract record PolicySettings
{
    private PolicySettings()
    {
    }

    /// <summary>An expression decides.</summary>
    public sealed record Expression(string Text) : PolicySettings;

    /// <summary>Passes when the score is at the threshold or below.</summary>
    public sealed record Reputation(bool ChecksIp, bool ChecksUsername, int Threshold) : PolicySettings;

    /// <summary>Passes when all that is set fits the event. Null fits any.</summary>
    public sealed record EventMatcher(string? Action, string? ClientIp, string? App, string? Model) : PolicySettings;

    /// <summary>Passes for good passwords.</summary>
    public sealed record Password(
        string Field, bool ChecksCounts, int Digits, int Upper, int Lower, int Symbols, int Length, string SymbolSet, string ErrorMessage, bool ChecksStrength, int StrengthAbove) : PolicySettings;

    /// <summary>Passes while the password is younger than this many days.</summary>
    public sealed record PasswordExpiry(int Days, bool OnlyDenies) : PolicySettings;

    /// <summary>Passes for passwords other than the last ones.</summary>
    public sealed record UniquePassword(string Field, int Count) : PolicySettings;

    /// <summary>Passes for these networks (numbers of autonomous systems) or countries (ISO 3166, two letters).</summary>
    public sealed record GeoIp(IReadOnlyList<long> Asns, IReadOnlyList<string> Countries) : PolicySettings
    {
        /// <summary>Whether the last sign-ins have to be near.</summary>
        public bool ChecksHistory { get; init; }

        /// <summary>Whether somebody must have been able to travel from the last sign-ins to here.</summary>
        public bool ChecksTravel { get; init; }

        /// <summary>How far is near, in kilometres.</summary>
        public int MostKilometres { get; init; } = 100;

        /// <summary>How much farther it may be, since places are guesses.</summary>
        public int Tolerance { get; init; } = 50;

        /// <summary>How many sign-ins are looked at.</summary>
        public int Logins { get; init; } = 5;

        /// <summary>How much farther somebody may have travelled.</summary>
        public int TravelTolerance { get; init; } = 100;
    }

    /// <summary>Says what it is told to.</summary>
    public sealed record Dummy(bool Result) : PolicySettings;

    /// <summary>Symbols that count when a password policy names none.</summary>
    public const string DefaultSymbols = "!\\\"#$%&'()*+,-./:;<=>?@[]^_`{|}~ ";

    /// <summary>Reads the settings of a policy.</summary>
    public static PolicySettings Of(IdentityPolicy policy)
    {
        using var document = JsonDocument.Parse(policy.SettingsJson);
        var at = new Reading(document.RootElement);
        return policy.Kind switch
        {
            PolicyKind.Expression => new Expression(at.Text("expression", "")),
            PolicyKind.Reputation => new Reputation(at.Flag("check_ip", true), at.Flag("check_username", true), at.Number("threshold", -5)),
            PolicyKind.EventMatcher => new EventMatcher(at.Text("action"), at.Text("client_ip"), at.Text("app"), at.Text("model")),
            PolicyKind.Password => new Password(
                at.Text("password_field", "password"), at.Flag("check_static_rules", true), at.Number("amount_digits", 0), at.Number("amount_uppercase", 0),
                at.Number("amount_lowercase", 0), at.Number("amount_symbols", 0), at.Number("length_min", 0), at.Text("symbol_charset", DefaultSymbols), at.Text("error_message", ""),
                at.Flag("check_zxcvbn", false), at.Number("zxcvbn_score_threshold", 2)),
            PolicyKind.PasswordExpiry => new PasswordExpiry(at.Number("days", 0), at.Flag("deny_only", false)),
            PolicyKind.UniquePassword => new UniquePassword(at.Text("password_field", "password"), at.Number("num_historical_passwords", 1)),
            PolicyKind.GeoIp => new GeoIp(at.Numbers("asns"), at.Texts("countries"))
            {
                ChecksHistory = at.Flag("check_history_distance", false),
                ChecksTravel = at.Flag("check_impossible_travel", false),
                MostKilometres = at.Number("history_max_distance_km", 100),
                Tolerance = at.Number("distance_tolerance_km", 50),
                Logins = at.Number("history_login_count", 5),
                TravelTolerance = at.Number("impossible_tolerance_km", 100),
            },
            _ => new Dummy(at.Flag("result", false)),
        };
    }

    private readonly struct Reading(JsonElement root)
    {
        public bool Flag(string name, bool absent) => TryGet(name, out var value) ? Read(() => value.GetBoolean()) : absent;

        public int Number(string name, int absent) => TryGet(name, out var value) ? Read(() => value.GetInt32()) : absent;

        public string Text(string name, string absent) => Text(name) ?? absent;

        public string? Text(string name) => TryGet(name, out var value) && Read(() => value.GetString()) is { Length: > 0 } text ? text : null;

        public List<string> Texts(string name) => TryGet(name, out var value) ? Read(() => value.EnumerateArray().Select(v => v.GetString() ?? "").ToList()) : [];

        public List<long> Numbers(string name) => TryGet(name, out var value) ? Read(() => value.EnumerateArray().Select(v => v.GetInt64()).ToList()) : [];

        private bool TryGet(string name, out JsonElement value) => root.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;

        // One exception for all that a stored row can be wrong in.
        private static T Read<T>(Func<T> read)
        {
            try
            {
                return read();
            }
            catch (Exception fault) when (fault is InvalidOperationException or FormatException)
            {
                throw new JsonException("a setting of the policy has another kind than expected", fault);
            }
        }
    }
}
