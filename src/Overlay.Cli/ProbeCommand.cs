using System.Buffers.Binary;
using System.Net.Sockets;

namespace Overlay.Cli;

/// <summary>
/// A probe of kubelet, or of a script: an exit code, and a line that says why not.
/// </summary>
/// <remarks>
/// A pod on the host's network that is replaced has port and socket of its successor for a while: an answer counts only
/// from a daemon of the same PID namespace, which is that of the pod.
/// </remarks>
internal static class ProbeCommand
{
    private const int Success = 0;
    private const int Failure = 1;

    // SO_PEERCRED of socket(7): struct ucred, whose first four bytes are the process, 0 where this one cannot see it.
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;
    private const int UcredLength = 12;

    /// <param name="path">The question, as <c>readyz</c>.</param>
    /// <param name="socket">The admin socket's path.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The exit code: 0 where the answer is good.</returns>
    public static async Task<int> RunAsync(string path, string socket, CancellationToken cancellation)
    {
        try
        {
            using HttpResponseMessage answer =
                await AdminClient.GetAsync(socket, path, RefuseAnotherPod, cancellation);
            string text = (await answer.Content.ReadAsStringAsync(cancellation)).TrimEnd();
            await (answer.IsSuccessStatusCode ? Console.Out : Console.Error).WriteLineAsync(text);
            return answer.IsSuccessStatusCode ? Success : Failure;
        }
        catch (HttpRequestException exception) when (exception.InnerException is InvalidOperationException other)
        {
            await Console.Error.WriteLineAsync($"overlayctl: {other.Message}");
            return Failure;
        }
        catch (HttpRequestException exception)
        {
            await Console.Error.WriteLineAsync($"overlayctl: {AdminClient.Advice(socket, exception)}");
            return Failure;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync($"overlayctl: overlayd on {socket} does not answer in time");
            return Failure;
        }
    }

    private static void RefuseAnotherPod(Socket connection)
    {
        Span<byte> credentials = stackalloc byte[UcredLength];
        if (connection.GetRawSocketOption(SolSocket, SoPeerCred, credentials) < UcredLength) return;
        if (BinaryPrimitives.ReadInt32LittleEndian(credentials) == 0)
            throw new InvalidOperationException(
                "the overlayd that answers is another pod's, which has not gone yet");
    }
}
