using System.Net.Security;
using Grpc.Core;
using Overlay.ControlPlane.Sources.Proxies;

namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>
/// Asks whichever member of the cluster answers: fails over, signs in, and never waits without end. Thread-safe.
/// </summary>
/// <remarks>
/// The member that answered last is asked first. Every request may be asked twice, when an answer is lost.
/// </remarks>
internal sealed class EtcdCluster : IDisposable
{
    // A token may be refused more than once where users are being changed; a wrong password is refused for good.
    private const int SignInTries = 3;

    private readonly EtcdOptions _options;
    private readonly EtcdTls _tls;
    private readonly ProxyEnvironment _proxies;
    private volatile IReadOnlyList<EtcdMember> _members;
    private volatile string? _token;
    private volatile int _current;

    /// <exception cref="InvalidDataException">
    /// A file of the options, or a variable that names a proxy, cannot be used; the message names it.
    /// </exception>
    public EtcdCluster(EtcdOptions options)
    {
        _options = options;
        _tls = new(options);
        _proxies = ProxyEnvironment.Of(options.Variables);
        _members = MembersWith(_tls.Load());
    }

    /// <inheritdoc cref="EtcdTls.CertificateExpiry"/>
    public DateTimeOffset? CertificateExpiry => _tls.CertificateExpiry;

    /// <summary>Sends a request, which the first member that can answers.</summary>
    /// <param name="ask">
    /// Asks a member. Its call options have the metadata and the limit of the time to answer.
    /// </param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="EtcdException">No member answers, or a member refuses.</exception>
    public async Task<T> AskAsync<T>(
        Func<EtcdMember, CallOptions, Task<T>> ask, CancellationToken cancellationToken)
    {
        RenewTls();
        IReadOnlyList<EtcdMember> members = _members;
        List<string> reasons = [];
        int first = _current;
        for (int i = 0; i < members.Count; i++)
        {
            int index = (first + i) % members.Count;
            try
            {
                T answer = await AskMemberAsync(members[index], ask, cancellationToken);
                _current = index;
                return answer;
            }
            catch (EtcdException e) when (!e.IsDefinite)
            {
                reasons.Add(e.Message);
            }
        }

        if (_tls.Problem is { } problem) reasons.Add(problem);
        throw new EtcdException(string.Join("; ", reasons));
    }

    /// <summary>The member is to be asked last from now on.</summary>
    public void Avoid(Uri endpoint)
    {
        if (_options.Endpoints[_current] == endpoint) _current = (_current + 1) % _options.Endpoints.Count;
    }

    /// <summary>The next request signs in anew.</summary>
    public void ForgetToken() => _token = null;

    public void Dispose()
    {
        foreach (EtcdMember member in _members) member.Dispose();
    }

    private IReadOnlyList<EtcdMember> MembersWith(SslClientAuthenticationOptions tls) =>
        [.. _options.Endpoints.Select(endpoint => new EtcdMember(endpoint, _options, tls, _proxies))];

    // The channels before are not disposed: a watch may be reading from one, and idle connections close by themselves.
    private void RenewTls()
    {
        if (_tls.TryReload() is { } renewed) _members = MembersWith(renewed);
    }

    private async Task<T> AskMemberAsync<T>(
        EtcdMember member, Func<EtcdMember, CallOptions, Task<T>> ask, CancellationToken cancellationToken)
    {
        for (int tries = 1; ; tries++)
        {
            try
            {
                if (_options.Username is not null && _token is null) await SignInAsync(member, cancellationToken);
                return await BoundAsync(member, ask, cancellationToken);
            }
            catch (EtcdException e) when (_options.Username is not null
                && tries < SignInTries && (e.IsTokenRefused || (e.IsPermissionDenied && _token == "")))
            {
                ForgetToken();
            }
        }
    }

    private async Task SignInAsync(EtcdMember member, CancellationToken cancellationToken)
    {
        try
        {
            _token = (await BoundAsync(
                member,
                (_, call) => member.Auth.AuthenticateAsync(
                    new() { Name = _options.Username, Password = _options.Password ?? "" }, call).ResponseAsync,
                cancellationToken)).Token;
        }
        catch (EtcdException e) when (e.IsAuthenticationOff)
        {
            _token = "";
        }
    }

    private async Task<T> BoundAsync<T>(
        EtcdMember member, Func<EtcdMember, CallOptions, Task<T>> ask, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_options.RequestTimeout);
        try
        {
            // The deadline is for etcd, which need not finish what nobody waits for; a clock that is set moves it.
            return await ask(member, new(Metadata(), DateTime.UtcNow + _options.RequestTimeout, limit.Token));
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw e is RpcException { StatusCode: not StatusCode.DeadlineExceeded } failure
                && !limit.IsCancellationRequested
                ? member.Failure(failure)
                : member.Silence(_options.RequestTimeout, e);
        }
    }

    // A member without a leader is to say so, not to go on with what it knows: the next one may have one.
    private Metadata Metadata()
    {
        Metadata metadata = new() { { "hasleader", "true" } };
        if (!string.IsNullOrEmpty(_token)) metadata.Add("token", _token);
        return metadata;
    }
}
