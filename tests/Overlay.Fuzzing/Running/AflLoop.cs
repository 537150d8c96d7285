using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Overlay.Fuzzing.Targets;
using Overlay.Wire.Values;
using SharpFuzz;

namespace Overlay.Fuzzing.Running;

/// <summary>
/// Takes one input after the other from afl-fuzz in this one process, and notes what it costs in memory.
/// </summary>
/// <remarks>
/// The target is made with the first input: instrumented code finds nowhere to report to before.
/// </remarks>
/// <param name="make">Makes the target that runs the inputs.</param>
/// <param name="figures">
/// The file of the figures: a line each of executions, resident bytes, managed bytes and open descriptors.
/// </param>
internal sealed class AflLoop(Func<IFuzzTarget> make, string figures)
{
    private const int ExecutionsPerLine = 50_000;

    private static readonly SafeFileHandle _input = new(0, ownsHandle: false);

    private byte[] _bytes = new byte[64 * 1024];
    private IFuzzTarget? _target;
    private long _executions;

    /// <summary>Ends when afl-fuzz ends it.</summary>
    public void Run() => Fuzzer.Run((Stream _) => Execute());

    private void Execute()
    {
        // By its offset: SharpFuzz reads once for itself, and a position that it moves is afl-fuzz's too.
        int length = 0;
        for (int read; (read = RandomAccess.Read(_input, _bytes.AsSpan(length), length)) > 0;)
        {
            length += read;
            if (length == _bytes.Length) Array.Resize(ref _bytes, 2 * length);
        }

        // One branch at least: afl-fuzz takes an input without any for a program that was not instrumented, and ends.
        _ = ShownText.Of("");
        _target ??= make();
        _target.Execute(_bytes.AsSpan(0, length));
        if (++_executions % ExecutionsPerLine == 0) Note();
    }

    private void Note()
    {
        long heap = GC.GetTotalMemory(forceFullCollection: true);
        File.AppendAllText(figures, string.Create(
            CultureInfo.InvariantCulture,
            $"{_executions} {Environment.WorkingSet} {heap} {OpenDescriptors.Count()}\n"));
    }
}
