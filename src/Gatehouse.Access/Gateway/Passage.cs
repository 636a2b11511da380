using System.Net;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Machines;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Access.Gateway;

/// <summary>
/// What a request was let through for. While it runs on as a stream it is judged by this again, whenever the tables change or its token has to
/// be looked at anew.
/// </summary>
/// <param name="host">The host that was asked for.</param>
/// <param name="path">The path that was asked for.</param>
/// <param name="address">Where the request came from.</param>
/// <param name="admission">On whose behalf it runs.</param>
/// <param name="table">The table it was judged under.</param>
internal sealed class Passage(string host, RequestPath path, IPAddress address, Admission admission, AccessTable table)
{
    /// <summary>The host.</summary>
    public string Host { get; } = host;

    /// <summary>The path.</summary>
    public RequestPath Path { get; } = path;

    /// <summary>The client.</summary>
    public IPAddress Address { get; } = address;

    /// <summary>The binding cookie that came with the request, if the app has one.</summary>
    public string? Binding { get; init; }

    /// <summary>The client certificate that counted; null when there was none.</summary>
    public PresentedCertificate? Certificate { get; init; }

    /// <summary>What the origin hears of the person in headers, beside the token.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Attributes { get; init; } = [];

    /// <summary>On whose behalf.</summary>
    public Admission Admission { get; } = admission;

    /// <summary>The table it was last judged under. Written by one thread, which also reads it.</summary>
    public AccessTable JudgedUnder { get; set; } = table;

    /// <summary>Until when that judgement holds, should the table not change; null means for as long as it does.</summary>
    public DateTimeOffset? GoodUntil { get; set; } = admission.GoodUntil;
}
