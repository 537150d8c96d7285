using System.Buffers.Binary;
using System.Net.Sockets;
using Overlay.Cli.Admin;

namespace Overlay.Cli.Commands;

/// <summary>
/// A probe of kubelet, or of a script: an exit code, and a line that says why not.
/// </summary>
/// <remarks>
/// A pod on the host's network that is replaced has port and socket of its successor for a while: an answer counts only
/// from a daemon of the same PID namespace, which is that of the pod.
/// </remarks>
internal static class ProbeCommand
{
    // SO_PEERCRED of socket(7): struct ucred, whose first four bytes are the process, 0 where this one cannot see it.
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;
    private const int UcredLength = 12;

    /// <param name="path">The question, as <c>readyz</c>.</param>
    /// <param name="client">Asks the daemon.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The exit code: 0 where the answer is good.</returns>
    /// <exception cref="CliException">No daemon answers, or another pod's.</exception>
    public static async Task<int> RunAsync(string path, AdminClient client, CancellationToken cancellation)
    {
        (bool isGood, string text) = await client.ProbeAsync(path, RefuseAnotherPod, cancellation);
        await (isGood ? Console.Out : Console.Error).WriteLineAsync(text);
        return isGood ? ExitCode.Success : ExitCode.Failure;
    }

    private static void RefuseAnotherPod(Socket connection)
    {
        Span<byte> credentials = stackalloc byte[UcredLength];
        if (connection.GetRawSocketOption(SolSocket, SoPeerCred, credentials) < UcredLength) return;
        if (BinaryPrimitives.ReadInt32LittleEndian(credentials) == 0)
            throw new CliException(
                "the overlayd that answers is another pod's, which has not gone yet", ExitCode.Failure);
    }
}
