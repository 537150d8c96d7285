using System.Runtime.InteropServices;

namespace Overlay.Lab.Processes;

/// <summary>
/// Ctrl-C, SIGTERM, a closed terminal, and the ordinary end of the process: every lab that is still up is torn down
/// before the process ends. Signals are process-wide, and so is this.
/// </summary>
public static class Interruption
{
    private static readonly CancellationTokenSource _source = new();
    private static readonly PosixSignalRegistration[] _registrations = Watch();

    /// <summary>Cancelled first; the labs' tear-down runs as its callbacks.</summary>
    public static CancellationToken Token => _source.Token;

    /// <summary>True for a program that ends by itself, with a last word, once its labs are gone.</summary>
    public static bool ProgramEndsItself { get; set; }

    internal static CancellationTokenRegistration TearDown(Action action)
    {
        _ = _registrations.Length;
        return _source.Token.Register(() =>
        {
            try
            {
                action();
            }
            catch (Exception exception)
            {
                // Nobody is above a signal handler: what could not be removed is said, and the others' turn comes.
                Console.Error.WriteLine(exception.Message);
            }
        });
    }

    private static PosixSignalRegistration[] Watch()
    {
        AppDomain.CurrentDomain.ProcessExit += (_, _) => _source.Cancel();
        return
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal),
        ];
    }

    private static void OnSignal(PosixSignalContext context)
    {
        // A second Ctrl-C must not cut the tear-down short, which the first one began and which is bounded.
        context.Cancel = ProgramEndsItself || _source.IsCancellationRequested;
        _source.Cancel();
    }
}
