using System.Net;
using Gatehouse.Model.Bindings;

namespace Gatehouse.Store.Geo;

/// <summary>No database of places was given: nothing is known of any address.</summary>
internal sealed class NoPlaces : IGeoReader
{
    /// <inheritdoc/>
    public bool IsAvailable => false;

    /// <inheritdoc/>
    public GeoFacts? Find(IPAddress address) => null;
}
