using System.Net;
using Gatehouse.Model.Bindings;

namespace Gatehouse.Access.Gateway;

/// <summary>Stands in where the host gave no database of places.</summary>
internal sealed class NoCountries : IGeoReader
{
    /// <inheritdoc/>
    public bool IsAvailable => false;

    /// <inheritdoc/>
    public GeoFacts? Find(IPAddress address) => null;
}
