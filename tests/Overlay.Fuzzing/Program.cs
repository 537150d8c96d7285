using Overlay.Fuzzing;
using Overlay.Fuzzing.Running;
using Overlay.Fuzzing.Targets;

// What afl-fuzz runs, and what prepares it; tests/fuzz.sh puts them together.

switch (args)
{
    case ["list"]:
        Console.WriteLine(string.Join('\n', FuzzTargets.Names));
        return 0;
    case ["seeds", string name, string directory]:
        Use(name, target => CorpusFiles.Write(target.Seeds, directory));
        return 0;
    case ["instrument", string directory]:
        Instrumentation.Apply(directory);
        return 0;
    case ["run", string name, string figures]:
        new AflLoop(() => FuzzTargets.Make(name), figures).Run();
        return 0;
    case ["replay", string name, .. string[] paths] when paths.Length > 0:
        bool isSound = true;
        Use(name, target => isSound = Replay.Run(target, CorpusFiles.Read(paths), Console.Out));
        return isSound ? 0 : 1;
    default:
        Console.Error.WriteLine($"""
            usage: Overlay.Fuzzing list
                   Overlay.Fuzzing seeds TARGET DIRECTORY          writes the inputs that a corpus begins with
                   Overlay.Fuzzing replay TARGET FILE|DIRECTORY…   runs inputs once each, and prints those that fail
                   Overlay.Fuzzing instrument DIRECTORY            has the product's assemblies there report coverage
                   Overlay.Fuzzing run TARGET FIGURES              as a child of afl-fuzz; writes memory by executions
            TARGET is one of {string.Join(", ", FuzzTargets.Names)}; tests/fuzz.sh does it all
            """);
        return 2;
}

static void Use(string name, Action<IFuzzTarget> action)
{
    IFuzzTarget target = FuzzTargets.Make(name);
    using (target as IDisposable) action(target);
}
