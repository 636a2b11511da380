using System.Text;

namespace Gatehouse.Tests.Fakes;

/// <summary>A database of places in which half of all IPv4 addresses, 127.0.0.1 among them, are in Paris, and the others nowhere.</summary>
internal static class TestPlaces
{
    /// <summary>Writes the file into a folder; its path.</summary>
    public static string Write(DirectoryInfo folder) => Write(
        folder,
        "Test",
        ("country", Map(("iso_code", Text("FR")))),
        ("city", Map(("names", Map(("en", Text("Paris")))))),
        ("autonomous_system_number", [(6 << 5) | 2, 64500 >> 8, 64500 & 0xff]));

    /// <summary>The same with another entry. MaxMind DB file format 2.0: a tree of one node whose left record is the data, whose right one is "nothing".</summary>
    public static string Write(DirectoryInfo folder, string type, params (string Key, byte[] Value)[] entry)
    {
        List<byte> bytes = [0, 0, 1 + 16, 0, 0, 1, .. new byte[16]];
        bytes.AddRange(Map(entry));
        bytes.AddRange([0xab, 0xcd, 0xef, .. "MaxMind.com"u8]);
        bytes.AddRange(Map(
            ("node_count", [(6 << 5) | 1, 1]), ("record_size", [(5 << 5) | 1, 24]), ("ip_version", [(5 << 5) | 1, 4]), ("database_type", Text(type)),
            ("languages", [1, 4, .. Text("en")]), ("binary_format_major_version", [(5 << 5) | 1, 2]), ("binary_format_minor_version", [5 << 5]),
            ("build_epoch", [1, 2, 1]), ("description", Map(("en", Text("test"))))));
        var file = Path.Combine(folder.FullName, type + ".mmdb");
        File.WriteAllBytes(file, [.. bytes]);
        return file;
    }

    /// <summary>A text.</summary>
    public static byte[] Text(string text) => text.Length < 29 ? [(byte)((2 << 5) | text.Length), .. Encoding.UTF8.GetBytes(text)] : [(2 << 5) | 29, (byte)(text.Length - 29), .. Encoding.UTF8.GetBytes(text)];

    /// <summary>A double.</summary>
    public static byte[] Number(double number)
    {
        var bytes = BitConverter.GetBytes(number);
        Array.Reverse(bytes);
        return [(3 << 5) | 8, .. bytes];
    }

    /// <summary>A map.</summary>
    public static byte[] Map(params (string Key, byte[] Value)[] entries) => [(byte)((7 << 5) | entries.Length), .. entries.SelectMany(e => Text(e.Key).Concat(e.Value))];
}
