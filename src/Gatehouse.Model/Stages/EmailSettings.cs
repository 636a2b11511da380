using System.Text;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Mail;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Users;

namespace Gatehouse.Model.Stages;

/// <summary>Settings of the stage that sends a link and waits until it is opened.</summary>
public static class EmailSettings
{
    /// <summary>Sends over what <c>gatehouse up</c> was told; else over the server below.</summary>
    public static readonly FlagField UseGlobal = new("use_global_settings", false);

    public static readonly TextField Host = new("host", "localhost", 253) { MayBeBlank = false };
    public static readonly NumberField Port = new("port", 25, 1, 65535);
    public static readonly TextField Username = new("username", "", 320);
    public static readonly SecretField Password = new("password");

    /// <summary>STARTTLS.</summary>
    public static readonly FlagField UseTls = new("use_tls", false);

    /// <summary>TLS from the first byte.</summary>
    public static readonly FlagField UseSsl = new("use_ssl", false);

    /// <summary>Seconds.</summary>
    public static readonly NumberField Timeout = new("timeout", 10, 1, 300);

    public static readonly TextField From = new("from_address", "system@authentik.local", 254)
    {
        Rule = address => EmailAddress.Canonical(address) is null ? "Enter a valid email address." : null,
    };

    /// <summary>How long the link works.</summary>
    public static readonly PeriodField TokenExpiry = new("token_expiry", "minutes=30");

    public static readonly TextField Subject = new("subject", "authentik", 200);

    /// <summary>The messages there are, with what they are for.</summary>
    public static IReadOnlyList<(string Name, string Description)> Templates { get; } =
        [("email/password_reset.html", "Password Reset"), ("email/account_confirmation.html", "Account Confirmation"), ("email/setup.html", "Setup")];

    public static readonly ChoiceField Template = new("template", Templates[0].Name, [.. Templates.Select(t => t.Name)]);

    /// <summary>Lets a user who was made inactive sign in once the link was opened.</summary>
    public static readonly FlagField Activate = new("activate_user_on_success", false);

    /// <summary>How many messages one person gets within <see cref="Window"/>.</summary>
    public static readonly NumberField MostInWindow = new("recovery_max_attempts", 5, 1, 100);

    /// <summary>The time in which messages are counted.</summary>
    public static readonly PeriodField Window = new("recovery_cache_timeout", "minutes=5");

    /// <summary>The kind.</summary>
    public static StageKind Kind { get; } = new(
        StageType.Email, "email", "Email Stage",
        UseGlobal, Host, Port, Username, Password, UseTls, UseSsl, Timeout, From, TokenExpiry, Subject, Template, Activate, MostInWindow, Window)
    {
        Description = "Sends a link to the person's own address, and goes on when it is opened.",
    };

    /// <summary>The server a stage names; null means the operator's.</summary>
    public static MailServer? ServerOf(Stage stage, ISecretBox box) => stage.Setting(UseGlobal) ? null : new MailServer
    {
        Host = stage.Setting(Host),
        Port = stage.Setting(Port),
        Tls = stage.Setting(UseSsl) ? MailTls.Implicit : stage.Setting(UseTls) ? MailTls.StartTls : MailTls.None,
        From = stage.Setting(From),
        Username = stage.Setting(Username),
        Password = Open(stage.Setting(Password), box),
        Timeout = TimeSpan.FromSeconds(stage.Setting(Timeout)),
    };

    /// <summary>The message with the link, as the stage words it.</summary>
    public static Mail.Mail Compose(Stage stage, User user, string brand, string url, TimeSpan life, ISecretBox box) =>
        LinkMail.Compose(stage.Setting(Template), user.Email, stage.Setting(Subject), user.Username, brand, url, Math.Max(1, (int)life.TotalMinutes)) with
        {
            Server = ServerOf(stage, box),
        };

    private static string Open(string kept, ISecretBox box) =>
        kept.Length > 0 && box.Open(Convert.FromBase64String(kept), SecretPurposes.StageSecret) is { } plain ? Encoding.UTF8.GetString(plain) : "";
}
