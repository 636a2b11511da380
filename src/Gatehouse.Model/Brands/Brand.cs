namespace Gatehouse.Model.Brands;

/// <summary>How Identity looks, and which flows it runs, under one domain; authentik's brand.</summary>
public sealed class Brand
{
    /// <summary>Never changes.</summary>
    public required Guid Id { get; init; }

    /// <summary>Host name it is for; the default brand is for all others.</summary>
    public required string Domain { get; set; }

    /// <summary>Whether it is for hosts without a brand of their own. At most one is.</summary>
    public bool IsDefault { get; set; }

    /// <summary>Title of pages.</summary>
    public string Title { get; set; } = "Gatehouse";

    /// <summary>URL of the logo; empty means ours.</summary>
    public string Logo { get; set; } = "";

    /// <summary>URL of the icon; empty means ours.</summary>
    public string Favicon { get; set; } = "";

    /// <summary>Style sheet added to the pages; may be empty.</summary>
    public string CustomCss { get; set; } = "";

    /// <summary>URL of the background picture of flows; may be empty.</summary>
    public string Background { get; set; } = "";

    /// <summary>Signs people in; null means the shipped one.</summary>
    public Guid? AuthenticationFlowId { get; set; }

    /// <summary>Signs people out; null means the shipped one.</summary>
    public Guid? InvalidationFlowId { get; set; }

    /// <summary>Sets a forgotten password; null means there is none.</summary>
    public Guid? RecoveryFlowId { get; set; }

    /// <summary>Deletes one's own account; null means there is none.</summary>
    public Guid? UnenrollmentFlowId { get; set; }

    /// <summary>Changes one's own details; null means the shipped one.</summary>
    public Guid? UserSettingsFlowId { get; set; }

    /// <summary>Takes device codes; null means that there is no such page.</summary>
    public Guid? DeviceCodeFlowId { get; set; }

    /// <summary>Where external users land; null means nowhere.</summary>
    public Guid? DefaultApplicationId { get; set; }

    /// <summary>Key pair of the web server, kept for clients that set it; null means none.</summary>
    public Guid? WebCertificateId { get; set; }

    /// <summary>Free attributes, a JSON object.</summary>
    public string AttributesJson { get; set; } = "{}";

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }
}
