namespace Gatehouse.Model.Expressions;

/// <summary>What an expression says besides its value.</summary>
internal sealed class Notes
{
    /// <summary>For the person who is judged.</summary>
    public List<string> Messages { get; } = [];

    /// <summary>For who tests or reads the log.</summary>
    public List<string> Log { get; } = [];

    public void Tell(string text) => Add(Messages, text);

    public void Write(string text) => Add(Log, text);

    private static void Add(List<string> lines, string text)
    {
        if (lines.Count < Limits.Lines)
        {
            lines.Add(text.Length > Limits.Line ? text[..Limits.Line] : text);
        }
    }
}
