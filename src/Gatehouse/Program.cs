using Gatehouse.Verbs;

return await CommandTree.RunAsync(args, Console.Out, Console.Error, Environment.GetEnvironmentVariable, TimeProvider.System);
