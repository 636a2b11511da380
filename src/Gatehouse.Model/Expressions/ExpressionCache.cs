using System.Collections.Concurrent;

namespace Gatehouse.Model.Expressions;

/// <summary>Expressions that were read already. Bounded; each text is read again after a change, since the text is the key.</summary>
public sealed class ExpressionCache
{
    private const int Most = 500;

    private readonly ConcurrentDictionary<(ExpressionNames Names, string Text), ExpressionReading> kept = new();

    /// <summary>How many are kept.</summary>
    public int Count => kept.Count;

    /// <summary>Forgets all.</summary>
    public void Clear() => kept.Clear();

    /// <summary>The expression, read.</summary>
    public ExpressionReading Read(string text, ExpressionNames names)
    {
        if (kept.Count >= Most)
        {
            kept.Clear();
        }

        return kept.GetOrAdd((names, text), static key => Expression.Read(key.Text, key.Names));
    }
}
