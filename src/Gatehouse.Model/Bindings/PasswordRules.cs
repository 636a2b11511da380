using Gatehouse.Model.Users;

namespace Gatehouse.Model.Bindings;

/// <summary>What the password policies say of a password that was typed.</summary>
internal static class PasswordRules
{
    /// <summary>Judges length, kinds of characters and strength.</summary>
    public static PolicyOutcome Judge(PolicySettings.Password settings, PolicyFacts facts)
    {
        if (Typed(facts, settings.Field) is not { } password)
        {
            return PolicyOutcome.Of(false, "Password not set in context.");
        }

        if (settings.ChecksCounts && CountFault(settings, password) is { } fault)
        {
            return PolicyOutcome.Of(false, settings.ErrorMessage.Length > 0 ? settings.ErrorMessage : fault);
        }

        return PolicyOutcome.Of(
            !settings.ChecksStrength || PasswordStrength.Score(password, Words(facts)) > settings.StrengthAbove,
            "This password is easy to guess. Use more words, or less common ones.");
    }

    /// <summary>Judges whether it was used lately. Slow: each past password costs a hash.</summary>
    public static PolicyOutcome Judge(PolicySettings.UniquePassword settings, PolicyFacts facts)
    {
        if (Typed(facts, settings.Field) is not { } password)
        {
            return PolicyOutcome.Of(false, "Password not set in context.");
        }

        return facts.PastPasswords is not { } past
            ? PolicyOutcome.Faulted("the past passwords were not gathered")
            : PolicyOutcome.Of(!past.Take(settings.Count).Any(kept => PasswordHash.Verify(password, kept)), "This password was used before. Use another one.");
    }

    // Where authentik looks: among what was typed at a prompt, else directly.
    private static string? Typed(PolicyFacts facts, string field) =>
        (facts.Context.GetValueOrDefault("prompt_data") as IReadOnlyDictionary<string, object>)?.GetValueOrDefault(field) as string
        ?? facts.Context.GetValueOrDefault(field) as string;

    private static string? CountFault(PolicySettings.Password settings, string password)
    {
        if (password.Length < settings.Length)
        {
            return $"Use at least {settings.Length} characters.";
        }

        return password.Count(char.IsDigit) < settings.Digits ? $"Use at least {settings.Digits} digit(s)."
            : password.Count(char.IsUpper) < settings.Upper ? $"Use at least {settings.Upper} upper-case letter(s)."
            : password.Count(char.IsLower) < settings.Lower ? $"Use at least {settings.Lower} lower-case letter(s)."
            : password.Count(c => settings.SymbolSet.Contains(c, StringComparison.Ordinal)) < settings.Symbols ? $"Use at least {settings.Symbols} symbol(s)."
            : null;
    }

    private static IEnumerable<string> Words(PolicyFacts facts)
    {
        var user = facts.Person.User;
        var prompted = (facts.Context.GetValueOrDefault("prompt_data") as IReadOnlyDictionary<string, object>)?
            .Where(p => !p.Key.Contains("password", StringComparison.OrdinalIgnoreCase)).Select(p => p.Value).OfType<string>() ?? [];
        return prompted.Concat((facts.Context.GetValueOrDefault("words") as IEnumerable<object>)?.OfType<string>() ?? [])
            .Concat(user is null ? [] : [user.Username, user.Name, user.Email]);
    }
}
