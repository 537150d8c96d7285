using System.Net.Sockets;
using System.Text;
using Overlay.Cli.Admin;

namespace Overlay.Cli.Tests.Admin;

/// <summary>Daemons that answer otherwise than overlayd does.</summary>
public sealed class AdminClientTests : IDisposable
{
    private const int MostOfAnswer = 32 * 1024 * 1024;

    private readonly string _directory = Directory.CreateTempSubdirectory("overlay-cli-").FullName;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public AdminClientTests()
    {
        _listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        _listener.Listen();
    }

    private string SocketPath => Path.Combine(_directory, "overlayd.sock");

    [Fact]
    public async Task A_report_has_a_bound()
    {
        (await AskAsync(Answer(MostOfAnswer))).ShouldBe("read");
        (await AskAsync(Answer(MostOfAnswer + 1))).ShouldBe(
            $"no overlayd answers on {SocketPath}: it answers with more than 33554432 bytes, as no overlayd does");

        static byte[] Answer(int length) => Encoding.ASCII.GetBytes(
            $"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{"{}".PadRight(length)}");
    }

    [Fact]
    public async Task A_connection_that_is_closed_without_a_word_is_explained() =>
        (await AskAsync([])).ShouldBe(
            $"no overlayd answers on {SocketPath}: it closes the connection without a word, as to users other than "
            + "root and its own, and to a 65th client");

    public void Dispose()
    {
        _listener.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task<string> AskAsync(byte[] answer)
    {
        Task answering = Task.Run(async () =>
        {
            using Socket client = await _listener.AcceptAsync();
            if (answer.Length == 0) return;
            _ = await client.ReceiveAsync(new byte[1024]);
            await using NetworkStream stream = new(client);
            await stream.WriteAsync(answer);
        });
        try
        {
            (await new AdminClient(SocketPath).GetAsync("status", default)).Dispose();
            return "read";
        }
        catch (CliException exception)
        {
            return exception.Message;
        }
        finally
        {
            // A client that has seen enough closes while the rest is being sent.
            _ = await Record.ExceptionAsync(() => answering);
        }
    }
}
