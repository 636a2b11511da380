using System.Net;
using System.Net.Sockets;

namespace Gatehouse.Model.Expressions;

/// <summary>Reads addresses strictly: one spelling each, so that nothing is taken for another address.</summary>
internal static class Addresses
{
    /// <summary>Four decimal parts, or version 6 without a zone; version 4 in version 6 is mapped back.</summary>
    public static bool TryRead(string text, out IPAddress address)
    {
        address = IPAddress.None;
        if (!IPAddress.TryParse(text, out var read) || text.Contains('%', StringComparison.Ordinal) || text.Contains('[', StringComparison.Ordinal)
            || (read.AddressFamily == AddressFamily.InterNetwork && read.ToString() != text))
        {
            return false;
        }

        address = read.IsIPv4MappedToIPv6 ? read.MapToIPv4() : read;
        return true;
    }

    /// <summary>An address and a length of prefix; bits after the prefix are dropped. A lone address is a network of one.</summary>
    public static bool TryReadNetwork(string text, out IPNetwork network)
    {
        network = default;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (!TryRead(slash < 0 ? text : text[..slash], out var address))
        {
            return false;
        }

        var bytes = address.GetAddressBytes();
        var length = bytes.Length * 8;
        if (slash >= 0 && (!int.TryParse(text.AsSpan(slash + 1), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out length) || length > bytes.Length * 8))
        {
            return false;
        }

        for (var bit = length; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        network = new IPNetwork(new IPAddress(bytes), length);
        return true;
    }
}
