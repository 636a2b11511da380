namespace Gatehouse.Model.Expressions;

/// <summary>What came of reading an expression.</summary>
public abstract record ExpressionReading
{
    private ExpressionReading()
    {
    }

    /// <summary>It can be run.</summary>
    public sealed record Read(Expression Expression) : ExpressionReading;

    /// <summary>It can't; the fault says where, and what to write instead.</summary>
    public sealed record Refused(ExpressionFault Fault) : ExpressionReading;
}

/// <summary>
/// An expression: a few lines in a small part of Python, read once and run any number of times. It computes on the values
/// it is given and reaches nothing else; every run ends within a bound of steps, memory and time. See docs/expressions.md.
/// </summary>
public sealed class Expression
{
    private readonly IReadOnlyList<Statement> statements;

    private Expression(IReadOnlyList<Statement> statements) => this.statements = statements;

    /// <summary>Reads <paramref name="text"/>; never throws for what stands in it.</summary>
    public static ExpressionReading Read(string text, ExpressionNames names)
    {
        if (text.Length > Limits.Source)
        {
            return new ExpressionReading.Refused(new ExpressionFault(1, 1, $"An expression has at most {Limits.Source} characters."));
        }

        try
        {
            var tokens = new Lexer(text, new At(1, 1)).ReadLines();
            var scope = new Scope(names);
            scope.Declare(tokens);
            var cursor = new Cursor(tokens);
            var statements = new StatementParser(cursor, new ValueParser(cursor, scope)).ReadAll();
            return statements.Count == 0
                ? new ExpressionReading.Refused(new ExpressionFault(1, 1, "The expression is empty; expected for example 'return True'."))
                : new ExpressionReading.Read(new Expression(statements));
        }
        catch (FaultException fault)
        {
            return new ExpressionReading.Refused(fault.Fault);
        }
    }

    /// <summary>Runs it; never throws for what it does.</summary>
    /// <param name="time">The longest it may last; more than a second counts as a second.</param>
    public ExpressionRun Run(ExpressionFacts facts, TimeProvider clock, TimeSpan time)
    {
        var notes = new Notes();
        var budget = new Budget(clock, time < Limits.Time && time > TimeSpan.Zero ? time : Limits.Time);
        var meaning = new Meaning(budget);
        try
        {
            var evaluator = new Evaluator(facts.Values, budget, meaning, new Functions(budget, meaning, notes), new Methods(budget, meaning, notes));
            var value = new Runner(evaluator, budget, meaning).Run(statements);
            return new ExpressionRun(value, null, notes, budget.Steps);
        }
        catch (FaultException fault)
        {
            return new ExpressionRun(null, fault.Fault, notes, budget.Steps);
        }
    }
}
