using System.Text.Json;

namespace Gatehouse.Model.Tunnels.Ingress;

/// <summary>Reads one <c>originRequest</c>. Durations are whole seconds; fractions are taken too, as old clients write them.</summary>
internal sealed class SettingsReader(JsonElement root, string at, ICollection<IngressFault> faults)
{
    // Would send what it must not, or leave out what it must, if it were dropped in silence.
    private static readonly string[] NotSupported = ["proxyType", "ipRules"];

    private const string NoProxies = "SOCKS proxies are not supported";
    private const string UsualProxyAddress = "127.0.0.1"; // what others write who mean none

    /// <summary>What is said, over <paramref name="other"/>.</summary>
    public OriginSettings Read(OriginSettings other, bool isRule)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            faults.Add(new IngressFault(at.TrimEnd('.'), "expected an object"));
            return other;
        }

        foreach (var name in NotSupported)
        {
            if (Has(name, out var value) && value is not ({ ValueKind: JsonValueKind.String } or { ValueKind: JsonValueKind.Array }))
            {
                Refuse(name, "not valid");
            }
            else if (Has(name, out value) && (value.ValueKind == JsonValueKind.String ? value.GetString()?.Length : value.GetArrayLength()) > 0)
            {
                Refuse(name, NoProxies);
            }
        }

        if (Text("proxyAddress", "") is not ("" or UsualProxyAddress))
        {
            Refuse("proxyAddress", NoProxies);
        }

        if (Number("proxyPort", 0) != 0)
        {
            Refuse("proxyPort", NoProxies);
        }

        return ReadDialing(other) with
        {
            TlsTimeout = Duration("tlsTimeout", other.TlsTimeout),
            NoHappyEyeballs = Flag("noHappyEyeballs", other.NoHappyEyeballs),
            KeepAliveConnections = Number("keepAliveConnections", other.KeepAliveConnections),
            KeepAliveTimeout = Duration("keepAliveTimeout", other.KeepAliveTimeout),
            HttpHostHeader = Text("httpHostHeader", other.HttpHostHeader),
            OriginServerName = Text("originServerName", other.OriginServerName),
            MatchSniToHost = Flag("matchSNItoHost", other.MatchSniToHost),
            CaPool = Text("caPool", other.CaPool),
            NoTlsVerify = Flag("noTLSVerify", other.NoTlsVerify),
            DisableChunkedEncoding = Flag("disableChunkedEncoding", other.DisableChunkedEncoding),
            BastionMode = Flag("bastionMode", other.BastionMode),
            Http2Origin = Flag("http2Origin", other.Http2Origin),
            Access = isRule ? Access() : null,
        };
    }

    /// <summary>What is said of dialing alone.</summary>
    public OriginSettings ReadDialing(OriginSettings other) => other with
    {
        ConnectTimeout = Duration("connectTimeout", other.ConnectTimeout),
        TcpKeepAlive = Duration("tcpKeepAlive", other.TcpKeepAlive),
    };

    private AccessRequirement? Access()
    {
        if (!Has("access", out var access))
        {
            return null;
        }

        if (access.ValueKind != JsonValueKind.Object)
        {
            Refuse("access", "expected an object");
            return null;
        }

        if (!access.TryGetProperty("required", out var required) || required.ValueKind == JsonValueKind.False)
        {
            return null;
        }

        var team = access.TryGetProperty("teamName", out var name) && name.ValueKind == JsonValueKind.String ? name.GetString() : null;
        var tags = access.TryGetProperty("audTag", out var aud) && aud.ValueKind == JsonValueKind.Array && aud.EnumerateArray().All(a => a.ValueKind == JsonValueKind.String)
            ? aud.EnumerateArray().Select(a => a.GetString() ?? "").Where(a => a.Length > 0).ToList()
            : [];
        if (required.ValueKind != JsonValueKind.True || string.IsNullOrEmpty(team) || tags.Count == 0)
        {
            Refuse("access", "a required token needs teamName and at least one audTag");
        }
        else if (!AccessRequirement.IsTeam(team))
        {
            Refuse("access.teamName", "expected the name of a team or the host of a team domain, such as access.example.com or access.example.com:8443");
        }

        return new AccessRequirement(team ?? "", tags);
    }

    private bool Has(string name, out JsonElement value) => root.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;

    private void Refuse(string name, string text) => faults.Add(new IngressFault(at + name, text));

    private TimeSpan Duration(string name, TimeSpan other)
    {
        if (!Has(name, out var value))
        {
            return other;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds) && seconds is >= 0 and <= 86400)
        {
            return seconds == 0 ? other : TimeSpan.FromSeconds(seconds);
        }

        Refuse(name, "expected seconds, from 0 to 86400");
        return other;
    }

    private int Number(string name, int other)
    {
        if (!Has(name, out var value))
        {
            return other;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number is >= 0 and <= 10_000)
        {
            return number;
        }

        Refuse(name, "expected a whole number from 0 to 10000");
        return other;
    }

    private bool Flag(string name, bool other)
    {
        if (!Has(name, out var value))
        {
            return other;
        }

        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return value.ValueKind == JsonValueKind.True;
        }

        Refuse(name, "expected true or false");
        return other;
    }

    private string Text(string name, string other)
    {
        if (!Has(name, out var value))
        {
            return other;
        }

        if (value.ValueKind == JsonValueKind.String && value.GetString() is { Length: <= 1000 } text && !text.Any(char.IsControl))
        {
            return text;
        }

        Refuse(name, "expected a text of at most 1000 characters");
        return other;
    }
}
