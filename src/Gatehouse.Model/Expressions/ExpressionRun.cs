using System.Text.Json.Nodes;

namespace Gatehouse.Model.Expressions;

/// <summary>What came of one run.</summary>
public sealed class ExpressionRun
{
    private readonly object? value;
    private readonly Notes notes;

    internal ExpressionRun(object? value, ExpressionFault? fault, Notes notes, int steps)
    {
        this.value = value;
        this.notes = notes;
        Fault = fault;
        Steps = steps;
    }

    /// <summary>What went wrong; null when nothing did.</summary>
    public ExpressionFault? Fault { get; }

    /// <summary>How many steps it took.</summary>
    public int Steps { get; }

    /// <summary>Whether it returned something that counts as true.</summary>
    public bool IsTrue => Fault is null && Meaning.IsTrue(value);

    /// <summary>Whether it returned nothing.</summary>
    public bool IsNothing => value is null;

    /// <summary>What it told the person.</summary>
    public IReadOnlyList<string> Messages => notes.Messages;

    /// <summary>What it wrote into the log.</summary>
    public IReadOnlyList<string> Log => notes.Log;

    /// <summary>What it returned, as JSON; a fault when that is nested too deep or too large.</summary>
    public bool TryJson(out JsonNode? json, out string? fault)
    {
        var left = Limits.Made;
        (json, fault) = (null, null);
        try
        {
            json = ValueJson.Write(value, ref left, 0);
            return true;
        }
        catch (FaultException thrown)
        {
            fault = thrown.Fault.Text;
            return false;
        }
    }
}
