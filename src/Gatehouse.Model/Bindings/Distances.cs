namespace Gatehouse.Model.Bindings;

/// <summary>Where somebody signed in before.</summary>
public sealed record PastLogin(DateTimeOffset At, double Latitude, double Longitude);

/// <summary>How far places are apart, and whether somebody can have gone from one to the other.</summary>
public static class Distances
{
    /// <summary>The fastest that people travel, in kilometres an hour (authentik's).</summary>
    public const double FastestTravel = 1000;

    private const double EarthRadius = 6371.0088; // mean, in kilometres (IUGG)

    /// <summary>Kilometres along a great circle (the haversine formula).</summary>
    public static double Between(double latitude, double longitude, double otherLatitude, double otherLongitude)
    {
        var (from, to) = (double.DegreesToRadians(latitude), double.DegreesToRadians(otherLatitude));
        var (up, along) = (Math.Sin((to - from) / 2), Math.Sin(double.DegreesToRadians(otherLongitude - longitude) / 2));
        var half = (up * up) + (Math.Cos(from) * Math.Cos(to) * along * along);
        return 2 * EarthRadius * Math.Asin(Math.Min(1, Math.Sqrt(half)));
    }

    /// <summary>What speaks against a sign-in from <paramref name="here"/>; null when nothing does.</summary>
    public static string? FaultOf(PolicySettings.GeoIp settings, (double Latitude, double Longitude) here, IEnumerable<PastLogin> past, DateTimeOffset now)
    {
        foreach (var login in past.Take(settings.Logins))
        {
            var distance = Between(here.Latitude, here.Longitude, login.Latitude, login.Longitude);
            if (settings.ChecksHistory && distance > settings.MostKilometres + settings.Tolerance)
            {
                return "Distance from previous authentication is larger than threshold.";
            }

            var hours = Math.Max(0, (now - login.At).TotalHours);
            if (settings.ChecksTravel && distance > (hours * FastestTravel) + settings.TravelTolerance)
            {
                return "Distance is further than possible.";
            }
        }

        return null;
    }
}
