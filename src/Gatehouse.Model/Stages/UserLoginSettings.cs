using Gatehouse.Model.Flows;

namespace Gatehouse.Model.Stages;

/// <summary>Settings of the stage that starts the session.</summary>
public static class UserLoginSettings
{
    /// <summary>The session may be used from anywhere.</summary>
    public const string Unbound = "no_binding";

    /// <summary>Only from the network it was begun in: /24 or, with IPv6, /48.</summary>
    public const string Network = "bind_asn_network";

    /// <summary>Only from the address it was begun from.</summary>
    public const string Address = "bind_asn_network_ip";

    /// <summary>Only from networks of the same provider; needs a database of networks.</summary>
    public const string Provider = "bind_asn";

    /// <summary>How long the session lasts; zero means as long as the browser is open.</summary>
    public static readonly PeriodField SessionDuration = new("session_duration", "seconds=0");

    /// <summary>How much longer it lasts when people ask to be remembered; zero means they are not asked.</summary>
    public static readonly PeriodField RememberMeOffset = new("remember_me_offset", "seconds=0");

    public static readonly PeriodField RememberDevice = new("remember_device", "days=30");
    public static readonly FlagField TerminateOthers = new("terminate_other_sessions", false);

    public static readonly ChoiceField NetworkBinding = new("network_binding", Unbound, Unbound, Provider, Network, Address);

    /// <summary>All but <see cref="Unbound"/> need a database of places.</summary>
    public static readonly ChoiceField GeoipBinding = new("geoip_binding", Unbound, Unbound, "bind_continent", "bind_continent_country", "bind_continent_country_city");

    /// <summary>The kind.</summary>
    public static StageKind Kind { get; } = new(
        StageType.UserLogin, "user_login", "User Login Stage",
        SessionDuration, RememberMeOffset, RememberDevice, TerminateOthers, NetworkBinding, GeoipBinding)
    {
        Description = "Starts the session of the person.",
    };
}
