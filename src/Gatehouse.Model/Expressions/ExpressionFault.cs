using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Model.Expressions;

/// <summary>What is wrong with an expression, and where. Lines and columns count from 1.</summary>
public sealed record ExpressionFault(int Line, int Column, string Text)
{
    /// <inheritdoc/>
    public override string ToString() => $"Line {Line}, column {Column}: {Text}";
}

/// <summary>A place in the text.</summary>
internal readonly record struct At(int Line, int Column)
{
    /// <summary>Ends reading or running: caught where an expression is read or run, and nowhere else.</summary>
    public FaultException Fault(string text) => new(new ExpressionFault(Line, Column, text));
}

/// <summary>Carries a fault out of a deep recursion; it never leaves <see cref="Expression"/>.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Thrown and caught here only, always with a fault.")]
internal sealed class FaultException(ExpressionFault fault) : InvalidOperationException(fault.ToString())
{
    public ExpressionFault Fault => fault;
}
