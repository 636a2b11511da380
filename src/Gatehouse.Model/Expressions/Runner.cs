namespace Gatehouse.Model.Expressions;

/// <summary>Runs statements.</summary>
internal sealed class Runner(Evaluator evaluator, Budget budget, Meaning meaning)
{
    private enum Next
    {
        GoOn,
        Break,
        Continue,
        Return,
    }

    private object? returned;

    /// <summary>Runs all; the value that is returned, null for none.</summary>
    public object? Run(IReadOnlyList<Statement> statements)
    {
        RunBlock(statements);
        return returned;
    }

    private Next RunBlock(IReadOnlyList<Statement> statements)
    {
        foreach (var statement in statements)
        {
            budget.Step(statement.At);
            if (RunOne(statement) is var next && next != Next.GoOn)
            {
                return next;
            }
        }

        return Next.GoOn;
    }

    private Next RunOne(Statement statement)
    {
        switch (statement)
        {
            case Statement.Assign assign:
                evaluator.Assign(assign.At, assign.Names, evaluator.Value(assign.Value));
                return Next.GoOn;
            case Statement.AssignItem assign:
                AssignItem(assign);
                return Next.GoOn;
            case Statement.Return { Value: var value }:
                returned = value is null ? null : evaluator.Value(value);
                return Next.Return;
            case Statement.If choice:
                var branch = choice.Branches.FirstOrDefault(b => Meaning.IsTrue(evaluator.Value(b.Test)));
                return RunBlock(branch.Body ?? choice.Else);
            case Statement.For loop:
                return RunLoop(loop);
            case Statement.Evaluate evaluate:
                evaluator.Value(evaluate.Value);
                return Next.GoOn;
            case Statement.Break:
                return Next.Break;
            case Statement.Continue:
                return Next.Continue;
            default:
                return Next.GoOn;
        }
    }

    private Next RunLoop(Statement.For loop)
    {
        foreach (var item in meaning.Items(loop.At, evaluator.Value(loop.Source)))
        {
            evaluator.Assign(loop.At, loop.Names, item);
            switch (RunBlock(loop.Body))
            {
                case Next.Return:
                    return Next.Return;
                case Next.Break:
                    return Next.GoOn;
            }
        }

        return Next.GoOn;
    }

    private void AssignItem(Statement.AssignItem assign)
    {
        var value = evaluator.Value(assign.Value);
        var key = evaluator.Value(assign.Key);
        budget.Make(assign.At, 1);
        switch (evaluator.Value(assign.Target))
        {
            case Table table:
                table[evaluator.KeyOf(assign.At, key)] = value;
                break;
            case List<object?> list when key is long index && Evaluator.Place(list.Count, index) is { } place:
                list[place] = value;
                break;
            case List<object?>:
                throw assign.At.Fault("The list has no item at this place.");
            case var other:
                throw assign.At.Fault($"Items can be put into dictionaries and lists; this is {Meaning.KindOf(other)}.");
        }
    }
}
