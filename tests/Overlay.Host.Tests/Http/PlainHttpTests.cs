using System.Net;
using System.Net.Sockets;
using Overlay.Host.Http;

namespace Overlay.Host.Tests;

public sealed class PlainHttpTests : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromMilliseconds(500);

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public PlainHttpTests()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
    }

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task The_answer_comes_whole_however_it_is_cut()
    {
        Task<string> question = AnswerAsync("HTTP/1.1 200 OK\r\n", "\r\nyes\n");
        PlainHttp.Get(_listener.LocalEndPoint!, "/healthz", TimeSpan.FromSeconds(10))
            .ShouldBe("HTTP/1.1 200 OK\r\n\r\nyes\n");
        (await question).ShouldBe("GET /healthz HTTP/1.0\r\n\r\n");
    }

    [Fact]
    public async Task An_end_that_closes_without_a_word_has_an_empty_answer()
    {
        Task question = AnswerAsync();
        PlainHttp.Get(_listener.LocalEndPoint!, "/", TimeSpan.FromSeconds(10)).ShouldBeEmpty();
        await question;
    }

    [Fact]
    public async Task A_program_that_sends_a_byte_now_and_then_is_not_waited_for()
    {
        using CancellationTokenSource ending = new();
        Task dripping = Task.Run(async () =>
        {
            using Socket client = await _listener.AcceptAsync();
            while (!ending.IsCancellationRequested)
            {
                _ = await client.SendAsync("x"u8.ToArray());
                await Task.Delay(50);
            }
        });
        string answer = PlainHttp.Get(_listener.LocalEndPoint!, "/", TimeSpan.FromSeconds(3));
        answer.ShouldMatch("^x+$");
        answer.Length.ShouldBeLessThan(4096);
        await ending.CancelAsync();
        _ = await Record.ExceptionAsync(() => dripping);
    }

    [Theory]
    [InlineData(4096)]
    [InlineData(4097)]
    public async Task Of_a_long_answer_the_first_4096_bytes_are_read(int length)
    {
        Task<string> question = AnswerAsync(new string('x', length));
        PlainHttp.Get(_listener.LocalEndPoint!, "/", TimeSpan.FromSeconds(10)).ShouldBe(new string('x', 4096));
        await question;
    }

    [Fact]
    public void An_end_that_says_nothing_is_an_error() =>
        Should.Throw<SocketException>(() => PlainHttp.Get(_listener.LocalEndPoint!, "/", _patience));

    // Returns the question.
    private async Task<string> AnswerAsync(params string[] parts)
    {
        using Socket client = await _listener.AcceptAsync();
        byte[] question = new byte[256];
        int length = await client.ReceiveAsync(question);
        foreach (string part in parts)
        {
            _ = await client.SendAsync(System.Text.Encoding.ASCII.GetBytes(part));
            await Task.Delay(20);
        }

        return System.Text.Encoding.ASCII.GetString(question, 0, length);
    }
}
