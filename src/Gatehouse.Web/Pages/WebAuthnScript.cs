namespace Gatehouse.Web.Pages;

/// <summary>The script by which pages talk to authenticators. Roles serve it beside their own scripts, which import it as <c>./webauthn.mjs</c>.</summary>
public static class WebAuthnScript
{
    /// <summary>The name that it is imported by.</summary>
    public const string Name = "webauthn.mjs";

    /// <summary>Its bytes.</summary>
    public static byte[] Read()
    {
        using var stream = typeof(WebAuthnScript).Assembly.GetManifestResourceStream(Name) ?? throw new InvalidOperationException($"{Name} is not in the assembly");
        using var room = new MemoryStream();
        stream.CopyTo(room);
        return room.ToArray();
    }
}
