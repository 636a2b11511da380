using Gatehouse.Management.Writes;
using Gatehouse.Model.Policies;

namespace Gatehouse.Management.Hostnames;

/// <summary>A published hostname as it shall be, whole.</summary>
/// <param name="Hostname">May begin with one wildcard label.</param>
/// <param name="Service">Base URL of the service.</param>
/// <param name="NoTlsVerify">Accept any certificate.</param>
/// <param name="HttpHostHeader">Null means the one the browser sent.</param>
internal sealed record HostnameDraft(string Hostname, string Service, bool NoTlsVerify, string? HttpHostHeader)
{
    /// <summary>Reads hostname and service into the forms that are kept; what is wrong goes to <paramref name="faults"/>.</summary>
    public (string Hostname, string Service) Read(List<Fault> faults)
    {
        var hostname = Hostname.ToLowerInvariant();
        if (!EmailAddress.IsHost(hostname.StartsWith("*.", StringComparison.Ordinal) ? hostname[2..] : hostname))
        {
            faults.Add(new Fault("hostname", $"'{Hostname}' is no host name; expected app.example.com or *.example.com, without scheme, port or path"));
        }

        var service = ReadService();
        if (service is null)
        {
            faults.Add(new Fault("service", $"'{Service}' is no service; expected http://host:port or https://host:port, without user, path or query"));
        }

        if (HttpHostHeader is { } header && !IsHostHeader(header))
        {
            faults.Add(new Fault("origin_request.http_host_header", $"'{header}' is no host name with an optional port"));
        }

        return (hostname, service ?? "");
    }

    // Compared with what the URL reader made of it, so that nothing is left out in silence.
    private string? ReadService()
    {
        if (!System.Text.Ascii.IsValid(Service) || Service.Any(c => c <= ' ') || !Uri.TryCreate(Service, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
        {
            return null;
        }

        var origin = uri.GetLeftPart(UriPartial.Authority);
        var written = Service.EndsWith('/') ? Service[..^1] : Service;
        var withPort = $"{uri.Scheme}://{uri.Host}:{uri.Port}";
        return uri.UserInfo.Length == 0 && (written.Equals(origin, StringComparison.OrdinalIgnoreCase) || written.Equals(withPort, StringComparison.OrdinalIgnoreCase))
            ? origin
            : null;
    }

    private static bool IsHostHeader(string header)
    {
        var colon = header.IndexOf(':', StringComparison.Ordinal);
        var host = colon < 0 ? header : header[..colon];
        return EmailAddress.IsHost(host.ToLowerInvariant())
            && (colon < 0 || (ushort.TryParse(header[(colon + 1)..], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var port) && port > 0));
    }
}
