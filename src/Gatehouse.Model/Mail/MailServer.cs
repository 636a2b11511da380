namespace Gatehouse.Model.Mail;

/// <summary>How a connection to a mail server is protected.</summary>
public enum MailTls
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>Starts in the clear and must change to TLS (RFC 3207).</summary>
    StartTls,

    /// <summary>TLS from the first byte (RFC 8314 §3.3).</summary>
    Implicit,
}

/// <summary>A mail server. A class: records print their members.</summary>
public sealed class MailServer
{
    /// <summary>Name or address.</summary>
    public required string Host { get; init; }

    /// <summary>Port.</summary>
    public required int Port { get; init; }

    /// <summary>How the connection is protected.</summary>
    public required MailTls Tls { get; init; }

    /// <summary>The sender's address.</summary>
    public required string From { get; init; }

    /// <summary>Empty means no authentication.</summary>
    public string Username { get; init; } = "";

    /// <summary>Its password.</summary>
    public string Password { get; init; } = "";

    /// <summary>How long one message may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public override string ToString() => "***";
}
