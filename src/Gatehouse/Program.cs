using Gatehouse.Hosting;
using Gatehouse.Verbs;

LeanRuntime.Enter(args);
return await CommandTree.RunAsync(args, Console.Out, Console.Error, Environment.GetEnvironmentVariable, TimeProvider.System);
