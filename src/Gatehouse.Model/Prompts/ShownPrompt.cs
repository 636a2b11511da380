using Gatehouse.Model.Users;

namespace Gatehouse.Model.Prompts;

/// <summary>What a field holds for one person, before they or an invitation have said anything.</summary>
/// <param name="Placeholder">Hint inside it; empty where there are choices.</param>
/// <param name="Initial">What it holds at first. A password's is never sent.</param>
/// <param name="Choices">What can be chosen; empty where nothing is.</param>
public sealed record ShownPrompt(string Placeholder, string Initial, IReadOnlyList<PromptChoice> Choices)
{
    /// <summary>For <paramref name="user"/>; null when nobody is known yet.</summary>
    public static ShownPrompt Of(PromptField field, User? user)
    {
        var placeholder = field.PlaceholderIsExpression ? PromptExpression.Read(field.Placeholder) : null;
        var initial = field.InitialValueIsExpression ? PromptExpression.Read(field.InitialValue)?.TextFor(user) ?? "" : field.InitialValue;
        return PromptTypes.IsChoice(field.Type)
            ? new ShownPrompt("", initial, placeholder?.ChoicesFor(user) ?? [new PromptChoice(field.Placeholder, field.Placeholder)])
            : new ShownPrompt(placeholder?.TextFor(user) ?? field.Placeholder, initial, []);
    }
}
