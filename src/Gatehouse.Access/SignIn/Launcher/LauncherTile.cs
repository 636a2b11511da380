namespace Gatehouse.Access.SignIn.Launcher;

/// <summary>An app that somebody may open.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Href">Where it is opened.</param>
/// <param name="Host">Its host, so that people see where they are going.</param>
/// <param name="Logo">URL of its picture; null means none.</param>
public sealed record LauncherTile(string Name, string Href, string Host, string? Logo);
