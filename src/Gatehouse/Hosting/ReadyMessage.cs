using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Gatehouse.Model.Hosts;
using Gatehouse.Verbs;

namespace Gatehouse.Hosting;

/// <summary>What to tell about the demo.</summary>
internal sealed class DemoFacts
{
    /// <summary>Where the demo app is.</summary>
    public required string App { get; init; }

    /// <summary>Who may open it.</summary>
    public required string User { get; init; }

    /// <summary>Her password; null when it was printed at an earlier start and is known as a hash only.</summary>
    public required string? Password { get; init; }
}

/// <summary>What <c>up</c> says when it is ready. Not a record: it carries secrets.</summary>
internal sealed class ReadyMessage
{
    // Not for HTML: links stay readable.
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The names.</summary>
    public required PublicUrls Urls { get; init; }

    /// <summary>Where connectors dial in.</summary>
    public required IPEndPoint Edge { get; init; }

    /// <summary>The local CA's certificate; null when the operator gave a certificate.</summary>
    public required string? AuthorityFile { get; init; }

    /// <summary>The one-use link for the first administrator; null when there is one already.</summary>
    public required string? SetupLink { get; init; }

    /// <summary>Null without <c>--demo</c>.</summary>
    public required DemoFacts? Demo { get; init; }

    /// <summary>From the call of <c>up</c> until now.</summary>
    public required TimeSpan Took { get; init; }

    /// <summary>One line for programs.</summary>
    public string ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, Readable))
        {
            writer.WriteStartObject();
            writer.WriteBoolean("ready", true);
            writer.WriteNumber("pid", Environment.ProcessId);
            writer.WriteStartObject("urls");
            writer.WriteString("identity", Urls.Identity);
            writer.WriteString("access", Urls.Access);
            writer.WriteString("api", Urls.Api);
            writer.WriteString("dash", Urls.Dash);
            writer.WriteEndObject();
            writer.WriteString("edge", Edge.ToString());
            writer.WriteString("ca", AuthorityFile);
            writer.WriteString("setup", SetupLink);
            if (Demo is not null)
            {
                writer.WriteStartObject("demo");
                writer.WriteString("app", Demo.App);
                writer.WriteString("user", Demo.User);
                writer.WriteString("password", Demo.Password);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>For people.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"Gatehouse {VersionVerb.Current} is ready after {Took.TotalSeconds:0.0} s.").AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"  Identity  {Urls.Identity}");
        text.AppendLine(CultureInfo.InvariantCulture, $"  Access    {Urls.Access}");
        text.AppendLine(CultureInfo.InvariantCulture, $"  API       {Urls.Api}");
        text.AppendLine(CultureInfo.InvariantCulture, $"  Tunnels   {Edge}").AppendLine();
        AppendAuthority(text);
        if (SetupLink is not null)
        {
            text.AppendLine("  First administrator: open this link within 30 minutes. It works once.");
            text.AppendLine(CultureInfo.InvariantCulture, $"    {SetupLink}").AppendLine();
        }

        if (Demo is not null)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  Demo      {Demo.App}");
            text.AppendLine(CultureInfo.InvariantCulture, $"            user {Demo.User}, password {Demo.Password ?? "as printed at the first start with --demo"}").AppendLine();
        }

        return text.AppendLine("Ctrl+C stops it.").ToString();
    }

    private void AppendAuthority(StringBuilder text)
    {
        if (AuthorityFile is null)
        {
            return;
        }

        text.AppendLine("  Certificates are issued by a CA of this installation. Trust it once:");
        text.AppendLine(CultureInfo.InvariantCulture, $"    {AuthorityFile}");
        text.AppendLine(CultureInfo.InvariantCulture, $"    system  sudo cp '{AuthorityFile}' /usr/local/share/ca-certificates/gatehouse.crt && sudo update-ca-certificates");
        text.AppendLine(CultureInfo.InvariantCulture, $"    Chrome  certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n Gatehouse -i '{AuthorityFile}'");
        text.AppendLine("    Firefox Settings > Privacy & Security > View Certificates > Authorities > Import").AppendLine();
    }
}
